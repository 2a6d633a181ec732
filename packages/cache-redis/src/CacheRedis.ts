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
import type { CacheError, CachePort } from "@hexcache/cache-port"
import type { createClient } from "@redis/client"
import { Config, Effect, Layer, Stream, Struct } from "effect"
import * as Addresses from "./Addresses.ts"
import type { Endpoint } from "./connection/NodeRedisClient.ts"
import * as Layers from "./Layers.ts"
import type {
  CacheRedisClientOptions,
  CacheRedisClusterOptions,
  CacheRedisOptions,
  CacheRedisSentinelOptions
} from "./Options.ts"
import * as Settings from "./Settings.ts"
import * as MasterWatch from "./topology/MasterWatch.ts"
import { type RedisState, RedisStatus } from "./topology/RedisStatus.ts"

export type {
  BackoffOptions,
  CacheRedisClientOptions,
  CacheRedisClusterOptions,
  CacheRedisOptions,
  CacheRedisSentinelOptions,
  CommonOptions,
  Credentials,
  HostAndPort,
  NearCacheOptions,
  NodeAddress,
  NodeAddressMap,
  Secret,
  SingleOptions
} from "./Options.ts"

/**
 * A cache on one Redis or Valkey server. It builds at once, whether the server is there or not.
 *
 * @example
 * ```ts
 * program.pipe(Effect.provide(CacheRedis.layer({ url: "redis://localhost:6379", namespace: "shop" })))
 * ```
 */
export const layer = (options: CacheRedisOptions): Layer.Layer<CachePort | RedisStatus, CacheError> =>
  Layers.layerOf(options, names, () => {
    const settings = Settings.settings(options)
    const endpoint = Addresses.endpoint(options)
    return Layers.single({ ...settings, endpoint: (signal) => settings.complete(endpoint, signal) })
  })

/**
 * A cache on one Redis, as `layer` makes it, with the options from Effect's `Config`.
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
  Layers.layerOf(options, clusterNames, () => {
    if (options.nearCache !== undefined) throw new RangeError("a cluster has no near cache")
    const settings = Settings.settings(options)
    const roots = Settings.some("rootNodes", options.rootNodes, Addresses.node)
    return Layers.cluster({
      ...settings,
      rootNodes: roots.map(Addresses.hostAndPort),
      mapAddress: Addresses.addressMap(options.nodeAddressMap),
      topologyRefreshInterval: Settings.millis("topologyRefreshInterval", options.topologyRefreshInterval, 5_000),
      connection: ({ host, port }) => ({
        ...settings,
        endpoint: (signal) => settings.complete(Addresses.at(roots[0], host, port), signal)
      })
    })
  })

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
  Layers.layerOf(options, sentinelNames, () => {
    const settings = Settings.settings(options)
    const watch = new MasterWatch.MasterWatch({
      name: Addresses.nonEmpty("name", options.name),
      sentinels: Settings.sentinels(options),
      timeout: settings.connectTimeout
    })
    const master = Addresses.endpoint({ host: "master", database: options.database })
    const mapAddress = Addresses.addressMap(options.nodeAddressMap)
    return Layers.single({
      ...settings,
      watch,
      admit: MasterWatch.admitMaster,
      endpoint: async (signal) => settings.complete({ ...master, socket: mapAddress(await watch.find(signal)) }, signal)
    })
  })

/**
 * A cache on the Redis of a node-redis client, with the client's own URL, credentials, database, TLS and name. The client
 * itself is not used: only a connection of the adapter's own can keep its promises.
 */
export const layerFromClient = (
  client: Pick<ReturnType<typeof createClient>, "options">,
  options: CacheRedisClientOptions
): Layer.Layer<CachePort | RedisStatus, CacheError> =>
  Layers.layerOf(options, clientNames, () => {
    const { name, RESP } = client.options
    const endpoint: Endpoint = Struct.pick(client.options, [
      "credentialsProvider",
      "database",
      "password",
      "socket",
      "username"
    ])
    const settings = Settings.settings({
      ...options,
      connectionName: options.connectionName ?? name,
      protocol: options.protocol ?? (RESP === 2 ? 2 : undefined)
    })
    return Layers.single({ ...settings, endpoint: (signal) => settings.complete(endpoint, signal) })
  })

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

const clientNames: Settings.NamesOf<CacheRedisClientOptions> = Struct.omit(Settings.singleNames, [
  "credentials",
  "password",
  "tls",
  "username"
])
