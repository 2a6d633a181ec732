import { assert, it } from "@effect/vitest"
import { Breaker, FailOpen } from "@hexcache/cache-layers"
import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { RedisServer } from "@hexcache/redis-testkit"
import { Effect, Layer } from "effect"
import { HttpServer } from "effect/http"
import { HttpApiTest } from "effect/http-api"
import { Api } from "../src/Api.ts"
import { handlers } from "../src/Handlers.ts"
import { inMemory } from "../src/inMemory.ts"

const server = Effect.acquireRelease(
  Effect.promise(() => RedisServer.start()),
  (redis) => Effect.promise(() => redis.stop())
)

it.live("the products are served while Redis stands still, with what was written meanwhile", () =>
  Effect.gen(function* () {
    const redis = yield* server
    const cache = FailOpen.layer.pipe(
      Layer.provide(Breaker.layer()),
      Layer.provide(CacheRedis.layer({ url: redis.url, namespace: "example-http-api" }))
    )
    yield* Effect.gen(function* () {
      yield* CachePort.ready(yield* CachePort, { timeout: "20 seconds" })
      const { products } = yield* HttpApiTest.groups(Api, ["products"])
      const params = { tenant: "a", id: 1 }
      yield* products.put({ params, payload: { name: "Tea", shelf: "drinks" } })
      assert.strictEqual((yield* products.find({ params })).name, "Tea")

      redis.freeze()
      const began = performance.now()
      yield* products.put({ params, payload: { name: "Coffee", shelf: "drinks" } })
      assert.strictEqual((yield* products.find({ params })).name, "Coffee")
      // Each operation of the cache waits for a deadline of 250 ms at most.
      assert.isBelow(performance.now() - began, 10_000)
    }).pipe(
      Effect.provide(
        Layer.mergeAll(handlers, HttpServer.layerServices).pipe(Layer.provideMerge(Layer.mergeAll(cache, inMemory)))
      )
    )
  })
)
