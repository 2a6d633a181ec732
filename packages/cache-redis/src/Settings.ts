/**
 * Checks the options of the layers before any I/O, and turns them into what connections need.
 *
 * Refusals quote nothing of an option, which may hold a password.
 *
 * @internal
 */
import type { TcpSocketConnectOpts } from "node:net"
import { CacheError, type FromDriverOptions, InvalidArgument } from "@hexcache/cache-port"
import { Duration, Effect } from "effect"
import { node, nonEmpty, reveal } from "./Addresses.ts"
import * as ReplyError from "./commands/ReplyError.ts"
import * as Scripts from "./commands/Scripts.ts"
import type { Backoff } from "./connection/Attempts.ts"
import type { ConnectionOptions } from "./connection/Connection.ts"
import * as HostLookup from "./connection/HostLookup.ts"
import type { Endpoint } from "./connection/NodeRedisClient.ts"
import type { TrackedEntriesOptions } from "./near/TrackedEntries.ts"
import type { BackoffOptions, CommonOptions, NearCacheOptions, NodeAddress, Secret, SingleOptions } from "./Options.ts"

type Socket = NonNullable<Endpoint["socket"]>

/** Options as a connection takes them. */
export interface Settings
  extends Pick<
    ConnectionOptions,
    | "backoff"
    | "commandTimeout"
    | "connectionName"
    | "connectTimeout"
    | "greeting"
    | "maxPending"
    | "pingInterval"
    | "protocol"
  > {
  readonly nearCache: TrackedEntriesOptions | undefined
  /**
   * The endpoint with credentials, TLS and the way of looking up its host added. The signal interrupts the credentials,
   * and ends the wait for the look-up.
   */
  readonly complete: (endpoint: Endpoint, signal: AbortSignal) => Promise<Endpoint>
}

/** The names of all options of a type, beside those that every port has. */
export type NamesOf<Options> = Readonly<Record<Exclude<keyof Options, keyof FromDriverOptions>, true>>

export const commonNames: NamesOf<CommonOptions> = {
  commandTimeout: true,
  connectTimeout: true,
  maxPending: true,
  username: true,
  password: true,
  credentials: true,
  tls: true,
  family: true,
  lookup: true,
  protocol: true,
  connectionName: true,
  pingInterval: true,
  backoff: true
}

export const singleNames: NamesOf<SingleOptions> = { ...commonNames, nearCache: true }

const nearCacheNames: NamesOf<NearCacheOptions> = {
  maxEntries: true,
  maxBytes: true,
  ttl: true
}

const backoffNames: NamesOf<BackoffOptions> = {
  initial: true,
  max: true
}

/** Throws for options of another name, most often a known one that is misspelt. */
const onlyNames = (name: string, options: object, names: Readonly<Record<string, true>>): void => {
  if (Object.entries(options).some(([each, value]) => value !== undefined && !Object.hasOwn(names, each))) {
    throw new RangeError(`${name} has no options but ${Object.keys(names).join(", ")}`)
  }
}

/** Runs checks that throw `RangeError`, as the failure of a layer. */
export const checked = <A>(check: () => A): Effect.Effect<A, CacheError> =>
  Effect.try({
    try: check,
    catch: (thrown) =>
      new CacheError({
        operation: "layer",
        reason: new InvalidArgument({
          message: thrown instanceof RangeError && thrown.message !== "" ? thrown.message : "the options cannot be read"
        })
      })
  })

/** Checks the options that every layer has. */
export const settings = (options: CommonOptions & Pick<SingleOptions, "nearCache">): Settings => {
  const { credentials } = options
  const tls = options.tls === undefined || options.tls === false ? undefined : options.tls === true ? {} : options.tls
  if (tls !== undefined && typeof tls !== "object")
    throw new RangeError("tls is a boolean or the options of tls.connect")
  const fixed = login(options)
  if (typeof options.namespace !== "string") throw new RangeError("a namespace is a text, and may be empty")
  const commandTimeout = millis("commandTimeout", options.commandTimeout, 250)
  const addresses = addressing(options)
  return {
    commandTimeout,
    connectTimeout: millis("connectTimeout", options.connectTimeout, 1_000),
    maxPending: positiveInteger("maxPending", options.maxPending, 10_000),
    greeting: Scripts.load,
    backoff: backoff(options.backoff),
    pingInterval: pingInterval(options.pingInterval),
    protocol: protocol(options.protocol),
    connectionName: connectionName(options.connectionName),
    nearCache: nearCache(options.nearCache, commandTimeout),
    complete: async (endpoint, signal) => ({
      ...endpoint,
      ...(credentials === undefined ? fixed : await obtained(credentials, signal)),
      // node-redis's union of sockets discriminates by `tls`.
      socket: {
        ...endpoint.socket,
        ...(tls === undefined ? undefined : { ...tls, tls: true }),
        ...addresses(endpoint, signal)
      } as Socket
    })
  }
}

/** The addresses and the user of the sentinels of a group. */
export interface SentinelsOptions extends Pick<CommonOptions, "family" | "lookup" | "tls"> {
  readonly sentinels: ReadonlyArray<NodeAddress>
  readonly sentinelUsername?: string | undefined
  readonly sentinelPassword?: Secret | undefined
  readonly sentinelTls?: CommonOptions["tls"]
}

/** Checks the sentinels of a group, at least one. The user and password of a sentinel's own URL come first. */
export const sentinels = (options: SentinelsOptions): ReadonlyArray<(signal: AbortSignal) => Promise<Endpoint>> => {
  const { family, lookup, sentinelPassword, sentinelTls, sentinelUsername, tls } = options
  const { complete } = settings({ namespace: "", family, lookup, tls: sentinelTls ?? tls })
  const common = login(
    { username: sentinelUsername, password: sentinelPassword },
    { username: "sentinelUsername", password: "sentinelPassword" }
  )
  return some("sentinels", options.sentinels, (address) => {
    const sentinel = node(address)
    const hasLogin = sentinel.username !== undefined || sentinel.password !== undefined
    return (signal) => complete(hasLogin ? sentinel : { ...sentinel, ...common }, signal)
  })
}

/** At least one, checked each. */
export const some = <I, A>(name: string, input: ReadonlyArray<I>, check: (each: I) => A): readonly [A, ...Array<A>] => {
  const [first, ...others] = Array.isArray(input) ? (input as ReadonlyArray<I>).map(check) : []
  if (first === undefined) throw new RangeError(`${name} are at least one`)
  return [first, ...others]
}

/** Runs the effect of `credentials`. What it fails with, or what is wrong with its result, may hold a password. */
const obtained = async (
  credentials: NonNullable<CommonOptions["credentials"]>,
  signal: AbortSignal
): Promise<Pick<Endpoint, "username" | "password">> => {
  try {
    return login(await Effect.runPromise(credentials, { signal }))
  } catch {
    throw ReplyError.noCredentials()
  }
}

const login = (
  { password, username }: Pick<CommonOptions, "username" | "password">,
  names = { username: "username", password: "password" }
): Pick<Endpoint, "username" | "password"> => ({
  ...(username === undefined ? undefined : { username: nonEmpty(names.username, username) }),
  ...(password === undefined ? undefined : { password: nonEmpty(names.password, reveal(password)) })
})

/** The look-up of a host's name; the path of a Unix socket needs none. */
const addressing = ({ family, lookup }: Pick<CommonOptions, "family" | "lookup">) => {
  if (family !== undefined && family !== 0 && family !== 4 && family !== 6) throw new RangeError("family is 0, 4 or 6")
  if (lookup !== undefined && typeof lookup !== "function") {
    throw new RangeError("lookup is a function as net.connect takes it")
  }
  return ({ socket }: Endpoint, signal: AbortSignal) =>
    socket !== undefined && "path" in socket
      ? {}
      : {
          ...(family === undefined ? undefined : { family }),
          lookup: HostLookup.shared(signal, lookup ?? (socket as TcpSocketConnectOpts | undefined)?.lookup)
        }
}

const protocol = (version: 2 | 3 | undefined): 2 | 3 | undefined => {
  if (version === undefined || version === 2 || version === 3) return version
  throw new RangeError("protocol is 2 or 3")
}

const connectionName = (name: string | undefined): string | undefined => {
  if (name === undefined || (typeof name === "string" && /^[!-~]+$/.test(name))) return name
  throw new RangeError("connectionName is printable ASCII without spaces")
}

const pingInterval = (interval: Duration.Input | undefined): number => {
  const duration = interval === undefined ? undefined : Duration.fromInput(interval)
  return duration?._tag === "Some" && Duration.toMillis(duration.value) === Number.POSITIVE_INFINITY
    ? Number.POSITIVE_INFINITY
    : millis("pingInterval", interval, 30_000)
}

const backoff = (options: BackoffOptions = {}): Backoff => {
  if (typeof options !== "object" || options === null) throw new RangeError("backoff is an object")
  onlyNames("backoff", options, backoffNames)
  const initial = millis("backoff.initial", options.initial, 25)
  const max = millis("backoff.max", options.max, Math.max(initial, 500))
  if (initial > max) throw new RangeError("backoff.initial is at most backoff.max")
  return { initial, max }
}

const nearCache = (options: NearCacheOptions | undefined, silence: number): TrackedEntriesOptions | undefined => {
  if (options === undefined) return undefined
  if (typeof options !== "object" || options === null) throw new RangeError("nearCache is an object")
  onlyNames("nearCache", options, nearCacheNames)
  return {
    maxEntries: positiveInteger("nearCache.maxEntries", options.maxEntries),
    maxBytes: positiveInteger("nearCache.maxBytes", options.maxBytes, Number.POSITIVE_INFINITY),
    ttl: millis("nearCache.ttl", options.ttl, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY),
    silence
  }
}

export const millis = (
  name: string,
  input: Duration.Input | undefined,
  otherwise: number,
  most = 3_600_000
): number => {
  if (input === undefined) return otherwise
  const duration = Duration.fromInput(input)
  const millis = duration._tag === "None" ? Number.NaN : Duration.toMillis(duration.value)
  if (millis >= 1 && millis <= most) return Math.ceil(millis)
  throw new RangeError(`${name} is a duration from 1 millisecond${most === 3_600_000 ? " to 1 hour" : ""}`)
}

const positiveInteger = (name: string, input: number | undefined, otherwise?: number): number => {
  if (input === undefined && otherwise !== undefined) return otherwise
  if (input !== undefined && Number.isSafeInteger(input) && input > 0) return input
  throw new RangeError(`${name} is a positive integer`)
}
