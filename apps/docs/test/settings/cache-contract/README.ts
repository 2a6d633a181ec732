/** A cache with a server of its own, behind a proxy that can swallow what is sent. */
import type { CacheError, CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { FaultProxy, RedisServer } from "@hexcache/redis-testkit"
import { Effect, type Layer } from "effect"

export const MyCache = {
  layer: ({ timeout, url }: { readonly url: string; readonly timeout: number }): Layer.Layer<CachePort, CacheError> =>
    CacheRedis.layer({ url, namespace: "contract", commandTimeout: timeout })
}

export const startMyServer = Effect.gen(function* () {
  const redis = yield* Effect.acquireRelease(
    Effect.promise(() => RedisServer.start()),
    (redis) => Effect.promise(() => redis.stop())
  )
  const proxy = yield* Effect.acquireRelease(
    Effect.promise(() => FaultProxy.start(redis.port)),
    (proxy) => Effect.promise(() => proxy.stop())
  )
  return {
    url: proxy.url,
    freeze: Effect.sync(() => redis.freeze()),
    thaw: Effect.sync(() => redis.thaw()),
    kill: Effect.promise(async () => {
      await redis.kill()
      proxy.refuse()
    }),
    restart: Effect.promise(async () => {
      await redis.restart()
      await proxy.heal()
    }),
    proxy: {
      blackHole: Effect.sync(() => proxy.blackHole()),
      heal: Effect.promise(() => proxy.heal())
    }
  }
})
