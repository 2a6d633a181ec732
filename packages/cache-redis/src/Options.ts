/**
 * The options of the layers. `Settings` checks them.
 *
 * @internal
 */
import type { LookupFunction } from "node:net"
import type { ConnectionOptions as TlsOptions } from "node:tls"
import type { FromDriverOptions } from "@hexcache/cache-port"
import type { Duration, Effect, Redacted } from "effect"

/** A text that may be secret. */
export type Secret = string | Redacted.Redacted<string>

/** Whom to log in as. */
export interface Credentials {
  /** An ACL user; `default` unless given. */
  readonly username?: string | undefined
  readonly password: Secret
}

/** Options that every layer has. */
export interface CommonOptions extends FromDriverOptions {
  /** The keys' namespace; a part of the database, or empty for the whole of it. */
  readonly namespace: string
  /**
   * By when every operation has ended, 1 ms to 1 hour; for one of several round trips, each of them. 250 ms unless
   * given.
   */
  readonly commandTimeout?: Duration.Input | undefined
  /** By when connection, TLS, authentication and choice of the database are done, 1 ms to 1 hour. 1 s unless given. */
  readonly connectTimeout?: Duration.Input | undefined
  /** How many gets, and how many other operations, may wait for their answers, a positive integer. 10,000 unless given. */
  readonly maxPending?: number | undefined
  /** An ACL user; `default` unless given, and the URL's where that has one. */
  readonly username?: string | undefined
  /** The user's password, or that of `requirepass`; the URL's where that has one. */
  readonly password?: Secret | undefined
  /**
   * Run anew for each connection in place of `username` and `password`, so that a new password is taken over. Interrupted
   * when the attempt to connect ends, at the latest after `connectTimeout`.
   */
  readonly credentials?: Effect.Effect<Credentials, unknown> | undefined
  /** True, or the options of `tls.connect`, to connect by TLS; a `rediss:` URL does so too. */
  readonly tls?: boolean | TlsOptions | undefined
  /** The family of the addresses that a host's name is looked up for: 4, 6, or 0 for both. 0 unless given. */
  readonly family?: 0 | 4 | 6 | undefined
  /**
   * Looks up the addresses of a host's name: a function as `net.connect` takes it, `dns.lookup` unless given. At most one
   * look-up of a name is under way, however many attempts to connect wait for it.
   */
  readonly lookup?: LookupFunction | undefined
  /**
   * The version of Redis's protocol, RESP. Unless given it is 3, and 2 where the server, or a proxy in front of it, does not
   * know HELLO. A near cache needs 3.
   */
  readonly protocol?: 2 | 3 | undefined
  /** The connections' name in CLIENT LIST, of printable ASCII without spaces. None unless given. */
  readonly connectionName?: string | undefined
  /**
   * How long nothing was sent on a connection when it is checked by a PING, 1 ms to 1 hour, or infinity for never. So a
   * connection that a firewall forgot is replaced before a caller waits for it. 30 s unless given: less than the times after
   * which firewalls and load balancers forget. Such checks keep no process alive.
   */
  readonly pingInterval?: Duration.Input | undefined
  /** Pauses between attempts to connect. */
  readonly backoff?: BackoffOptions | undefined
}

/** Pauses that double from attempt to attempt, of which up to a half is left out at random. */
export interface BackoffOptions {
  /** The first pause, 1 ms to 1 hour. 25 ms unless given. */
  readonly initial?: Duration.Input | undefined
  /** The longest pause, 1 ms to 1 hour. 500 ms unless given, or `initial` where that is longer. */
  readonly max?: Duration.Input | undefined
}

/** How much of what was read is kept in this process. */
export interface NearCacheOptions {
  /** How many keys, absent ones too: a positive integer. What is read seldom goes first. */
  readonly maxEntries: number
  /**
   * How many bytes of UTF-8 keys and values have together: a positive integer, no bound unless given. An entry takes
   * about 180 bytes more, and in a namespace about 250.
   */
  readonly maxBytes?: number | undefined
  /** How long a value is kept at most, from 1 ms; as long as its key lives unless given. */
  readonly ttl?: Duration.Input | undefined
}

/** Options of layers with one server at a time. */
export interface SingleOptions extends CommonOptions {
  /**
   * Answers `get`, `getJson` and `getMany` from memory for keys that were read before, and has the server tell what
   * changes (RESP 3, `CLIENT TRACKING`). Every other operation is the server's. Off unless given.
   *
   * A process reads its own writes at once, and those of others as soon as the server's message is there, never later
   * than `commandTimeout` after they were acknowledged: nothing is served from memory when nothing sent within that time
   * was answered. Nothing outlives its time to live or its connection. `getMany` is answered from memory only when all
   * of its keys are there. A server that refuses to tell is asked every time; that is logged.
   *
   * SWAPDB is the one change that Redis tells nobody of: flush, or give a `ttl`.
   */
  readonly nearCache?: NearCacheOptions | undefined
}

/** The address of a node: `host` and `port`, 6379 unless given, or a URL. */
export type NodeAddress = Secret | { readonly host: string; readonly port?: number | undefined }

/** A host and a port. */
export interface HostAndPort {
  readonly host: string
  readonly port: number
}

/**
 * Where to connect to nodes that announce addresses of another network, behind NAT for example: by `host:port` as it is
 * announced, or a function of that. An address that is not mapped is used as it is.
 */
export type NodeAddressMap = Readonly<Record<string, HostAndPort>> | ((address: string) => HostAndPort | undefined)
