/**
 * Clients of one Redis of their own, for as long as a scope is open.
 */
import { type CacheError, CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { FaultProxy, RedisServer } from "@hexcache/redis-testkit"
import { Context, Effect, Layer, type Scope } from "effect"

export interface Clients {
  readonly caches: ReadonlyArray<CachePort["Service"]>
  readonly proxy: FaultProxy
}

/** Two clients behind one proxy. */
export const clients = (
  options: Partial<CacheRedis.CacheRedisOptions> = {}
): Effect.Effect<Clients, CacheError, Scope.Scope> =>
  Effect.gen(function* () {
    const server = yield* Effect.acquireRelease(
      Effect.promise(() => RedisServer.start()),
      (server) => Effect.promise(() => server.stop())
    )
    const proxy = yield* Effect.acquireRelease(
      Effect.promise(() => FaultProxy.start(server.port)),
      (proxy) => Effect.promise(() => proxy.stop())
    )
    const layer = CacheRedis.layer({ url: proxy.url, namespace: "linear", commandTimeout: "20 seconds", ...options })
    const client = Effect.map(Layer.build(Layer.fresh(layer)), Context.get(CachePort))
    const caches = [yield* client, yield* client]
    for (const cache of caches) yield* cache.ping
    return { caches, proxy }
  })

/** Cuts every connection from time to time, at random, until it is interrupted. */
export const cutting = (proxy: FaultProxy, random: () => number): Effect.Effect<never> =>
  Effect.forever(
    Effect.andThen(
      Effect.sleep(5 + 40 * random()),
      Effect.sync(() => proxy.reset())
    )
  )
