/** Clusters of tests, and caches on them. */
import { type CacheError, CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { RedisCluster, type RedisClusterOptions, type RedisServer } from "@hexcache/redis-testkit"
import { Context, Effect, Layer, type Scope } from "effect"
import { slotOf } from "../../src/topology/Slot.ts"
import { untilSuccess } from "./bounds.ts"
import { commandStats } from "./commandStats.ts"

/** A cluster of the test's own, for as long as the scope is open. */
export const cluster = (options?: RedisClusterOptions): Effect.Effect<RedisCluster, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(() => RedisCluster.start(options)),
    (cluster) => Effect.promise(() => cluster.stop())
  )

/** A cache on a cluster whose masters answer, for as long as the scope is open. */
export const clusterCache = (
  cluster: RedisCluster,
  options: Partial<CacheRedis.CacheRedisClusterOptions> = {}
): Effect.Effect<CachePort["Service"], CacheError, Scope.Scope> =>
  Layer.build(
    CacheRedis.layerCluster({
      rootNodes: cluster.masters.map(({ url }) => url),
      namespace: "test",
      // Long, so that a busy machine is no fault of the cache's.
      commandTimeout: "20 seconds",
      connectTimeout: "10 seconds",
      ...options
    })
  ).pipe(
    Effect.map(Context.get(CachePort)),
    Effect.tap(({ ping }) => untilSuccess(ping))
  )

/** Keys whose slots belonged to the master with this index when the cluster was formed. */
export const keysOf = (
  cluster: RedisCluster,
  master: number,
  count: number,
  namespace = "test"
): ReadonlyArray<string> => {
  const [first, last] = cluster.slotsOf(master)
  const keys: Array<string> = []
  for (let index = 0; keys.length < count; index++) {
    const slot = slotOf(`${namespace}:key-${index}`)
    if (slot >= first && slot <= last) keys.push(`key-${index}`)
  }
  return keys
}

export const at = (servers: ReadonlyArray<RedisServer>, index: number): RedisServer => servers[index] as RedisServer

/** The number of readings of the map since the last call; each server counts the commands of its own restart on. */
export const mapReadings = (servers: ReadonlyArray<RedisServer>): Effect.Effect<number> =>
  Effect.map(
    Effect.forEach(servers, ({ url }) => commandStats(url)),
    // Redis 6.2 counts all of CLUSTER together.
    (stats) => stats.reduce((sum, calls) => sum + calls("cluster(?:\\|slots)?"), 0)
  )
