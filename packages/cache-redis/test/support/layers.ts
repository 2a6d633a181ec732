/** Every kind of layer, each on servers of the test's own, for options that all of them have. */
import type { CacheError, CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { RedisCluster, RedisSentinels, type RedisServer, type RedisServerOptions } from "@hexcache/redis-testkit"
import { Effect, type Layer, type Scope } from "effect"
import { server } from "./servers.ts"

/** A kind of layer, the server of its operations, and the servers in its options. */
export interface Kind {
  readonly name: "single" | "cluster" | "sentinel"
  readonly redis: RedisServer
  /** The layer on its servers by this name of their host. */
  readonly layer: (
    options?: Partial<Omit<CacheRedis.CommonOptions, "namespace">>,
    host?: string
  ) => Layer.Layer<CachePort, CacheError>
}

/** Long, so that a busy machine is no fault of the cache's. */
const patient = { namespace: "test", commandTimeout: "20 seconds", connectTimeout: "10 seconds" } as const

/** One server, a cluster of one node, and a group of one sentinel. */
export const everyKind = ({
  args = []
}: RedisServerOptions = {}): Effect.Effect<ReadonlyArray<Kind>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const single = yield* server({ args })
    const cluster = yield* Effect.acquireRelease(
      Effect.promise(() => RedisCluster.start({ masters: 1, replicas: 0, args })),
      (cluster) => Effect.promise(() => cluster.stop())
    )
    const group = yield* Effect.acquireRelease(
      Effect.promise(() => RedisSentinels.start({ replicas: 0, sentinels: 1 })),
      (group) => Effect.promise(() => group.stop())
    )
    const [node] = cluster.masters
    return [
      {
        name: "single",
        redis: single,
        layer: (options, host = "127.0.0.1") => CacheRedis.layer({ ...patient, host, port: single.port, ...options })
      },
      {
        name: "cluster",
        redis: node as RedisServer,
        layer: (options, host = "127.0.0.1") =>
          CacheRedis.layerCluster({
            ...patient,
            rootNodes: cluster.masters.map(({ port }) => ({ host, port })),
            ...options
          })
      },
      {
        name: "sentinel",
        redis: group.master,
        layer: (options, host = "127.0.0.1") =>
          CacheRedis.layerSentinel({
            ...patient,
            name: group.name,
            sentinels: group.sentinels.map(({ port }) => ({ host, port })),
            ...options
          })
      }
    ]
  })
