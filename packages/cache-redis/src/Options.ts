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

/** A user and its password. */
export interface Credentials {
  /** An ACL user; `default` by default. */
  readonly username?: string | undefined
  readonly password: Secret
}

/** Options that every layer has. */
export interface CommonOptions extends FromDriverOptions {
  /** The keys' namespace; a part of the database, or empty for the whole of it. */
  readonly namespace: string
  /**
   * The deadline of every operation, 1 ms to 1 hour; of one with several round trips, the deadline of each of them. 250 ms
   * by default.
   */
  readonly commandTimeout?: Duration.Input | undefined
  /** The deadline of connection, TLS, authentication and choice of the database, 1 ms to 1 hour. 1 s by default. */
  readonly connectTimeout?: Duration.Input | undefined
  /** The most gets, and the most other operations, that wait for results: a positive integer. 10,000 by default. */
  readonly maxPending?: number | undefined
  /** An ACL user; by default the URL's, or `default`. */
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
  /** The family of the addresses of a host: 4, 6, or 0 for both. 0 by default. */
  readonly family?: 0 | 4 | 6 | undefined
  /**
   * Looks up the addresses of a host's name: a function as `net.connect` takes it, `dns.lookup` by default. At most one
   * look-up of a name is under way, however many attempts to connect wait for it.
   */
  readonly lookup?: LookupFunction | undefined
  /**
   * The version of Redis's protocol, RESP. By default 3, and 2 where the server, or a proxy in front of it, does not know
   * HELLO. A near cache needs 3.
   */
  readonly protocol?: 2 | 3 | undefined
  /** The connections' name in CLIENT LIST, of printable ASCII without spaces. None by default. */
  readonly connectionName?: string | undefined
  /**
   * The time without a command after which a PING checks the connection, 1 ms to 1 hour, or infinity for never. It replaces
   * a connection that a firewall forgot before a caller waits for it. 30 s by default: less than the times after which
   * firewalls and load balancers forget. The checks keep no process alive.
   */
  readonly pingInterval?: Duration.Input | undefined
  /** Pauses between attempts to connect. */
  readonly backoff?: BackoffOptions | undefined
}

/** Pauses that double from attempt to attempt, of which up to a half is left out at random. */
export interface BackoffOptions {
  /** The first pause, 1 ms to 1 hour. 25 ms by default. */
  readonly initial?: Duration.Input | undefined
  /** The longest pause, 1 ms to 1 hour. By default 500 ms, or `initial` where that is longer. */
  readonly max?: Duration.Input | undefined
}

/** The bounds of a near cache. */
export interface NearCacheOptions {
  /** The most keys, absent ones too: a positive integer. Keys that are read seldom go first. */
  readonly maxEntries: number
  /**
   * The most bytes of keys and values together, in UTF-8: a positive integer, no bound by default. An entry takes about
   * 180 bytes more, and in a namespace about 250.
   */
  readonly maxBytes?: number | undefined
  /** The longest life of a value, from 1 ms; by default that of its key. */
  readonly ttl?: Duration.Input | undefined
}

/** Options of layers with one server at a time. */
export interface SingleOptions extends CommonOptions {
  /**
   * Serves `get`, `getJson` and `getMany` from memory for keys that were read before, while the server reports changes
   * (RESP 3, `CLIENT TRACKING`). Every other operation goes to the server. Off by default.
   *
   * A process reads its own writes at once, and those of others as soon as the server's message is there, never later
   * than `commandTimeout` after they were acknowledged: nothing is served from memory when no command of that time has
   * its reply. Nothing outlives its time to live or its connection. `getMany` is served from memory only when all of its
   * keys are there. Every read goes to a server that refuses to report changes; that is logged.
   *
   * SWAPDB is the one change that Redis reports to no client: flush, or set a `ttl`.
   */
  readonly nearCache?: NearCacheOptions | undefined
}

/** The address of a node: `host` and `port`, 6379 by default, or a URL. */
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

/** The server, the namespace and the bounds of a cache on one Redis. */
export interface CacheRedisOptions extends SingleOptions {
  /**
   * `redis[s]://[[user][:password]@]host[:port][/database]` or `unix://[[user][:password]@]/path[?db=database]`, as
   * registered at https://www.iana.org/assignments/uri-schemes/prov/redis; `valkey[s]:` is the same as `redis[s]:`. Or else
   * `host`, or `path`.
   */
  readonly url?: Secret | undefined
  readonly host?: string | undefined
  /** From 1 to 65535; 6379 by default. */
  readonly port?: number | undefined
  /** The path of a Unix socket. */
  readonly path?: string | undefined
  /** The number of the database, an integer from 0; by default the URL's, or 0. */
  readonly database?: number | undefined
}

/** The root nodes, the namespace and the bounds of a cache on a cluster. */
export interface CacheRedisClusterOptions extends CommonOptions {
  /** Some nodes, at least one, by which the others are found. The first one's user, password and TLS are for all. */
  readonly rootNodes: ReadonlyArray<NodeAddress>
  /**
   * The time between two readings of the map of slots while nothing hints at a change, 1 ms to 1 hour, a quarter more or
   * less at random. 5 s by default.
   */
  readonly topologyRefreshInterval?: Duration.Input | undefined
  /** Where to connect to nodes that announce addresses of another network; root nodes are not mapped. */
  readonly nodeAddressMap?: NodeAddressMap | undefined
  /** None: a node that loses a slot does not report the changes of its keys. */
  readonly nearCache?: never
}

/** The sentinels, the namespace and the bounds of a cache on the master of their group. */
export interface CacheRedisSentinelOptions extends SingleOptions {
  /** The master's name in the sentinels' configuration. */
  readonly name: string
  /** The sentinels, at least one. A URL may hold a sentinel's own user and password. */
  readonly sentinels: ReadonlyArray<NodeAddress>
  /** An ACL user of the sentinels that have none in their URL; `default` by default. */
  readonly sentinelUsername?: string | undefined
  /** The password of that user; none by default: `password` is the master's. */
  readonly sentinelPassword?: Secret | undefined
  /**
   * True, or the options of `tls.connect`, to connect to the sentinels by TLS, and false not to; as `tls`, which is the
   * master's, unless given. A `rediss:` URL of a sentinel does so too.
   */
  readonly sentinelTls?: CommonOptions["tls"]
  /** Where to connect to a master whose address, as the sentinels name it, is of another network. */
  readonly nodeAddressMap?: NodeAddressMap | undefined
  /** The number of the master's database, an integer from 0; 0 by default. */
  readonly database?: number | undefined
}

/** The options of `layerFromClient` beside the client. */
export type CacheRedisClientOptions = Omit<SingleOptions, "username" | "password" | "credentials" | "tls">
