/** More entries in one call than a cache lets wait. */
import { assert, it } from "@effect/vitest"
import { CacheRedis } from "@hexcache/cache-redis"
import { RedisServer } from "@hexcache/redis-testkit"
import { Duration, Effect, Layer } from "effect"
import { Persistence } from "effect/persistence"
import { CachePersistence } from "../src/index.ts"

it.live("CachePersistence: setMany with a time to live each, of more entries than may wait, stores each of them", () =>
  Effect.gen(function* () {
    const server = yield* Effect.acquireRelease(
      Effect.promise(() => RedisServer.start()),
      (server) => Effect.promise(() => server.stop())
    )
    const layer = Layer.provide(
      CachePersistence.layerBacking,
      CacheRedis.layer({ url: server.url, namespace: "test", commandTimeout: "5 seconds", maxPending: 100 })
    )
    yield* Effect.gen(function* () {
      const store = yield* Effect.flatMap(Persistence.BackingPersistence, ({ make }) => make("store"))
      const keys = Array.from({ length: 1_000 }, (_, index) => `key-${index}`)
      yield* store.setMany(
        keys.map((key, index) => [key, { index }, Duration.millis(60_000 + index)] as const) as never
      )
      const found = yield* store.getMany(keys as never)
      assert.deepStrictEqual(
        Array.from(found),
        keys.map((_, index) => ({ index }))
      )
    }).pipe(Effect.provide(layer))
  }).pipe(Effect.scoped)
)
