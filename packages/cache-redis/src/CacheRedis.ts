/**
 * The Redis adapter: the port on Redis or Valkey, by node-redis.
 *
 * Every layer builds at once, whether a server is there or not. Operations wait for the first connection, and for the
 * replacement of one that was ready until now, each within its own deadline. Once an attempt to connect has failed, or has
 * taken longer than `commandTimeout`, or a server was silent for that long, they fail at once with `Unavailable`
 * (`AccessDenied` where the server refused us) until a connection is ready, and nothing is queued for later. Every
 * operation ends by its deadline, no write is sent twice, and a connection that is silent or in doubt is replaced. Closing
 * the layer's scope takes at most 500 ms. Changes of a connection's state are logged at warning level, and `RedisStatus`,
 * which every layer provides beside `CachePort`, has it to read and to watch.
 *
 * Every layer fails with `InvalidArgument` on options out of range, before any I/O; nothing of a URL is quoted.
 *
 * @module
 */
import { type CacheDriver, type CacheError, CachePort } from "@hexcache/cache-port"
import type { createClient } from "@redis/client"
import { Config, type Duration, Effect, Layer, type Scope, Stream } from "effect"
import * as Addresses from "./Addresses.ts"
import { CommandBatcher } from "./batching/CommandBatcher.ts"
import * as ReplyError from "./commands/ReplyError.ts"
import { Connection, type ConnectionEvent, type ConnectionOptions } from "./connection/Connection.ts"
import type { Endpoint } from "./connection/NodeRedisClient.ts"
import * as NearCache from "./near/NearCache.ts"
import { TrackedEntries } from "./near/TrackedEntries.ts"
import type * as Options from "./Options.ts"
import * as RedisDriver from "./RedisDriver.ts"
import * as Settings from "./Settings.ts"
import { Cluster } from "./topology/Cluster.ts"
import * as MasterWatch from "./topology/MasterWatch.ts"
import { type RedisState, RedisStatus, StatusPublisher, type StatusSource } from "./topology/RedisStatus.ts"
import * as Router from "./topology/Router.ts"

export type {
  BackoffOptions,
  CommonOptions,
  Credentials,
  HostAndPort,
  NearCacheOptions,
  NodeAddress,
  NodeAddressMap,
  Secret,
  SingleOptions
} from "./Options.ts"

/** The server, the namespace and the bounds of a cache on one Redis. */
export interface CacheRedisOptions extends Options.SingleOptions {
  /**
   * `redis[s]://[[user][:password]@]host[:port][/database]` or `unix://[[user][:password]@]/path[?db=database]`, as
   * registered at https://www.iana.org/assignments/uri-schemes/prov/redis; `valkey[s]:` is the same as `redis[s]:`. Or else
   * `host`, or `path`.
   */
  readonly url?: Options.Secret | undefined
  readonly host?: string | undefined
  /** From 1 to 65535; 6379 by default. */
  readonly port?: number | undefined
  /** The path of a Unix socket. */
  readonly path?: string | undefined
  /** The number of the database, an integer from 0; by default the URL's, or 0. */
  readonly database?: number | undefined
}

/** The root nodes, the namespace and the bounds of a cache on a cluster. */
export interface CacheRedisClusterOptions extends Options.CommonOptions {
  /** Some nodes, at least one, by which the others are found. The first one's user, password and TLS are for all. */
  readonly rootNodes: ReadonlyArray<Options.NodeAddress>
  /**
   * The time between two readings of the map of slots while nothing hints at a change, 1 ms to 1 hour, a quarter more or
   * less at random. 5 s by default.
   */
  readonly topologyRefreshInterval?: Duration.Input | undefined
  /** Where to connect to nodes that announce addresses of another network; root nodes are not mapped. */
  readonly nodeAddressMap?: Options.NodeAddressMap | undefined
  /** None: a node that loses a slot does not report the changes of its keys. */
  readonly nearCache?: never
}

/** The sentinels, the namespace and the bounds of a cache on the master of their group. */
export interface CacheRedisSentinelOptions extends Options.SingleOptions {
  /** The master's name in the sentinels' configuration. */
  readonly name: string
  /** The sentinels, at least one. A URL may hold a sentinel's own user and password. */
  readonly sentinels: ReadonlyArray<Options.NodeAddress>
  /** An ACL user of the sentinels that have none in their URL; `default` by default. */
  readonly sentinelUsername?: string | undefined
  /** The password of that user; none by default: `password` is the master's. */
  readonly sentinelPassword?: Options.Secret | undefined
  /**
   * True, or the options of `tls.connect`, to connect to the sentinels by TLS, and false not to; as `tls`, which is the
   * master's, unless given. A `rediss:` URL of a sentinel does so too.
   */
  readonly sentinelTls?: Options.CommonOptions["tls"]
  /** Where to connect to a master whose address, as the sentinels name it, is of another network. */
  readonly nodeAddressMap?: Options.NodeAddressMap | undefined
  /** The number of the master's database, an integer from 0; 0 by default. */
  readonly database?: number | undefined
}

/** The options of `layerFromClient` beside the client. */
export type CacheRedisClientOptions = Omit<Options.SingleOptions, "username" | "password" | "credentials" | "tls">

/**
 * A cache on one Redis.
 *
 * @example
 * ```ts
 * program.pipe(Effect.provide(CacheRedis.layer({ url: "redis://localhost:6379", namespace: "shop" })))
 * ```
 */
export const layer = (options: CacheRedisOptions): Layer.Layer<CachePort | RedisStatus, CacheError> =>
  layerOf(options, names, (status) =>
    Effect.flatMap(
      Settings.checked(() => ({ settings: Settings.settings(options), endpoint: Addresses.endpoint(options) })),
      ({ endpoint, settings }) =>
        single({ ...settings, endpoint: (signal) => settings.complete(endpoint, signal) }, status)
    )
  )

/**
 * As `layer`, with its options from Effect's `Config`.
 *
 * @example
 * ```ts
 * CacheRedis.layerConfig({
 *   url: Config.Redacted("REDIS_URL"),
 *   namespace: Config.succeed("shop")
 * })
 * ```
 */
export const layerConfig = (
  options: Config.Wrap<CacheRedisOptions>
): Layer.Layer<CachePort | RedisStatus, CacheError | Config.ConfigError> =>
  Layer.unwrap(Effect.map(Config.unwrap(options), layer))

/**
 * A cache on a Redis Cluster. Batches are grouped by slot, and atomic per slot; `scan`, `deletePattern`, `flush` and
 * `ping` visit every master. A master that fails is left as soon as the cluster has another one; operations on other
 * shards do not notice. While slots are moved, a `scan` may leave out keys that are on their way.
 *
 * @example
 * ```ts
 * CacheRedis.layerCluster({ rootNodes: ["redis://10.0.0.1:7000", "redis://10.0.0.2:7000"], namespace: "shop" })
 * ```
 */
export const layerCluster = (options: CacheRedisClusterOptions): Layer.Layer<CachePort | RedisStatus, CacheError> =>
  layerOf(options, clusterNames, (status) =>
    Effect.gen(function* () {
      const { mapAddress, roots, settings, topologyRefreshInterval } = yield* Settings.checked(() => {
        if (options.nearCache !== undefined) throw new RangeError("a cluster has no near cache")
        return {
          settings: Settings.settings(options),
          roots: Settings.some("rootNodes", options.rootNodes, Addresses.node),
          mapAddress: Addresses.addressMap(options.nodeAddressMap),
          topologyRefreshInterval: Settings.millis("topologyRefreshInterval", options.topologyRefreshInterval, 5_000)
        }
      })
      const rootNodes = yield* Settings.checked(() => roots.map(Addresses.hostAndPort))
      const report = yield* reporter(status)
      const cluster = yield* Effect.acquireRelease(
        Effect.sync(
          () =>
            new Cluster({
              rootNodes,
              mapAddress,
              topologyRefreshInterval,
              commandTimeout: settings.commandTimeout,
              connectTimeout: settings.connectTimeout,
              maxPending: settings.maxPending,
              connection: ({ host, port }) => ({
                ...settings,
                endpoint: (signal) => settings.complete(Addresses.at(roots[0], host, port), signal)
              }),
              report: (event) => report(event, "a node of the cluster: ")
            })
        ),
        (cluster) => closing(cluster, status)
      )
      status.follow(cluster)
      cluster.start()
      return RedisDriver.make(cluster)
    })
  )

/**
 * A cache on the master of a group that Redis Sentinel watches. Each sentinel keeps a connection, on which it reports
 * failovers and replies to a query each second; the cache changes to another master as soon as one knows a newer failover.
 * The loss of all sentinels does not touch a healthy master.
 *
 * @example
 * ```ts
 * CacheRedis.layerSentinel({ name: "mymaster", sentinels: [{ host: "10.0.0.1", port: 26379 }], namespace: "shop" })
 * ```
 */
export const layerSentinel = (options: CacheRedisSentinelOptions): Layer.Layer<CachePort | RedisStatus, CacheError> =>
  layerOf(options, sentinelNames, (status) =>
    Effect.flatMap(
      Settings.checked(() => {
        const settings = Settings.settings(options)
        const watch = new MasterWatch.MasterWatch({
          name: Addresses.nonEmpty("name", options.name),
          sentinels: Settings.sentinels(options),
          timeout: settings.connectTimeout
        })
        const { database } = Addresses.endpoint({ host: "master", database: options.database })
        return { settings, watch, database, mapAddress: Addresses.addressMap(options.nodeAddressMap) }
      }),
      ({ database, mapAddress, settings, watch }) =>
        single(
          {
            ...settings,
            watch,
            admit: MasterWatch.admitMaster,
            endpoint: async (signal) =>
              settings.complete(
                {
                  socket: mapAddress(await watch.find(signal)),
                  ...(database === undefined ? undefined : { database })
                },
                signal
              )
          },
          status
        )
    )
  )

/**
 * A cache on the Redis of a node-redis client, with the client's own URL, credentials, database, TLS and name. The client
 * itself is not used: only a connection of the adapter's own can keep its promises.
 */
export const layerFromClient = (
  client: Pick<ReturnType<typeof createClient>, "options">,
  options: CacheRedisClientOptions
): Layer.Layer<CachePort | RedisStatus, CacheError> =>
  layerOf(options, clientNames, (status) =>
    Effect.flatMap(
      Settings.checked(() => {
        const { credentialsProvider, database, name, password, RESP, socket, username } = client.options
        const endpoint: Endpoint = {
          ...(socket === undefined ? undefined : { socket }),
          ...(username === undefined ? undefined : { username }),
          ...(password === undefined ? undefined : { password }),
          ...(database === undefined ? undefined : { database }),
          ...(credentialsProvider === undefined ? undefined : { credentialsProvider })
        }
        const settings = Settings.settings({
          ...options,
          connectionName: options.connectionName ?? name,
          protocol: options.protocol ?? (RESP === 2 ? 2 : undefined)
        })
        return { ...settings, endpoint: (signal: AbortSignal) => settings.complete(endpoint, signal) }
      }),
      (settings) => single(settings, status)
    )
  )

/** The state of the connections now: sends nothing, and never fails. For a health check, beside `Breaker.state`. */
export const status: Effect.Effect<RedisState, never, RedisStatus> = RedisStatus.use(({ current }) => current)

/** The state of the connections now, and every change from then on, as `RedisStatus` has it. */
export const statusChanges: Stream.Stream<RedisState, never, RedisStatus> = Stream.unwrap(
  RedisStatus.useSync(({ changes }) => changes)
)

/**
 * Waits until the connections are `Up`. Never fails: bound it by `Effect.timeout`. Nothing has to wait for it, since
 * operations wait for the first connection themselves; `CachePort.ready` waits for the cache of any adapter.
 */
export const ready: Effect.Effect<void, never, RedisStatus> = RedisStatus.use((status) => status.ready)

const names: Settings.NamesOf<CacheRedisOptions> = {
  ...Settings.singleNames,
  url: true,
  host: true,
  port: true,
  path: true,
  database: true
}

const clusterNames: Settings.NamesOf<CacheRedisClusterOptions> = {
  ...Settings.commonNames,
  rootNodes: true,
  topologyRefreshInterval: true,
  nodeAddressMap: true,
  nearCache: true
}

const sentinelNames: Settings.NamesOf<CacheRedisSentinelOptions> = {
  ...Settings.singleNames,
  name: true,
  sentinels: true,
  sentinelUsername: true,
  sentinelPassword: true,
  sentinelTls: true,
  nodeAddressMap: true,
  database: true
}

const clientNames: Settings.NamesOf<CacheRedisClientOptions> = {
  commandTimeout: true,
  connectTimeout: true,
  maxPending: true,
  family: true,
  lookup: true,
  protocol: true,
  connectionName: true,
  pingInterval: true,
  backoff: true,
  nearCache: true
}

const layerOf = (
  options: Options.CommonOptions,
  names: Readonly<Record<string, true>>,
  driver: (status: StatusPublisher) => Effect.Effect<CacheDriver, CacheError, Scope.Scope>
): Layer.Layer<CachePort | RedisStatus, CacheError> =>
  Layer.suspend(() => {
    const status = new StatusPublisher()
    return Layer.merge(
      CachePort.layerFromDriver(driver(status), options, Object.keys(names)),
      Layer.succeed(RedisStatus, status.service)
    )
  })

interface SingleServer extends Omit<ConnectionOptions, "report" | "tracking">, Pick<Settings.Settings, "nearCache"> {
  /** Reports that another server is the master. */
  readonly watch?: MasterWatch.MasterWatch | undefined
}

const single = (
  { nearCache, watch, ...options }: SingleServer,
  status: StatusPublisher
): Effect.Effect<CacheDriver, never, Scope.Scope> =>
  Effect.gen(function* () {
    const report = yield* reporter(status)
    const tracking = nearCache === undefined ? undefined : new TrackedEntries(nearCache)
    const connection = yield* Effect.acquireRelease(
      Effect.sync(() => new Connection({ ...options, tracking, report: (event) => report(event) })),
      (connection) => closing(connection, status)
    )
    status.follow(stateOfServer(connection))
    if (watch !== undefined) {
      const onMoved = () => connection.replace(ReplyError.anotherMaster())
      yield* Effect.acquireRelease(
        Effect.sync(() => watch.start({ onMoved, report })),
        () => Effect.sync(() => watch.close())
      )
    }
    connection.start()
    const server = new CommandBatcher(connection, options.maxPending)
    const driver = RedisDriver.make(Router.single(server))
    return tracking === undefined ? driver : NearCache.make(driver, server, tracking)
  })

const stateOfServer = (connection: Connection): StatusSource => ({
  get state() {
    const { address, state } = connection
    return { ...state, nodes: address === undefined ? {} : { [address]: state } }
  }
})

const closing = (connections: Connection | Cluster, status: StatusPublisher): Effect.Effect<void> =>
  Effect.suspend(() => {
    status.end()
    return Effect.promise(() => connections.close())
  })

/** Publishes the state, and logs events without a caller with the loggers of the layer. */
const reporter = (status: StatusPublisher) =>
  Effect.map(Effect.context<never>(), (context) => (event: ConnectionEvent, server = "") => {
    if (event._tag === "StateChanged") status.publish()
    else Effect.runForkWith(context)(Effect.logWarning(`cache-redis: ${server}${changeOf(event)}`))
  })

const changeOf = (event: Exclude<ConnectionEvent, { readonly _tag: "StateChanged" }>): string => {
  if (event._tag === "ReadyAgain") return "connected again"
  const reason = `${event.failure.reason.message} (${event.failure.reason._tag})`
  switch (event._tag) {
    case "NotReady":
      return `${reason}; connecting anew`
    case "NotTracking":
      return `no near cache, as the server does not track: ${reason}`
    case "NotSubscribed":
      return `does not tell of failovers, and is asked each second: ${reason}`
  }
}
