/** The end of a cache while a `Cached` writes to it. */
import { assert, describe, it } from "@effect/vitest"
import { type CacheError, CachePort } from "@hexcache/cache-port"
import { MapStore } from "@hexcache/cache-port/test-support/MapStore"
import { Cached } from "@hexcache/cached"
import { Effect, Exit, Layer, Schema, Scope } from "effect"

/** A cache whose operations take so many milliseconds, and fail once it is closed. */
const slow = (store: MapStore, millis: number): Layer.Layer<CachePort, CacheError> =>
  CachePort.layerFromDriver(
    Effect.acquireRelease(
      Effect.sync(() => {
        store.fails = () => false
        store.before = () => Effect.sleep(millis)
        return store.driver
      }),
      () =>
        Effect.sync(() => {
          store.fails = () => true
        })
    )
  )

describe("Cached: the close of a cache", () => {
  it.live(
    "a cache that closes finishes the writes of its Cached, so that a program that ends after its first read has stored it",
    () =>
      Effect.gen(function* () {
        const store = new MapStore()
        let lookups = 0
        const names = Cached.make({
          namespace: "name",
          schema: Schema.String,
          lookup: (id: string) =>
            Effect.sync(() => {
              lookups++
              return `name of ${id}`
            }),
          ttl: "1 hour"
        })
        for (let program = 0; program < 2; program++) {
          yield* Effect.provide(names.get("1"), slow(store, 10), { local: true })
        }
        assert.strictEqual(lookups, 1)
      })
  )

  it.live("a cache that closes waits only a moment for a write that does not end", () =>
    Effect.gen(function* () {
      const names = Cached.make({
        namespace: "name",
        schema: Schema.String,
        lookup: (id: string) => Effect.succeed(`name of ${id}`),
        ttl: "1 hour"
      })
      const store = new MapStore()
      const hanging = Layer.tap(slow(store, 0), () =>
        Effect.sync(() => {
          store.after = ({ operation }) => (operation === "set" ? Effect.never : Effect.void)
        })
      )
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(hanging, scope)
      yield* Effect.provide(names.get("1"), context)
      const began = performance.now()
      yield* Scope.close(scope, Exit.void)
      const waited = performance.now() - began
      assert.isAtLeast(waited, 190)
      assert.isBelow(waited, 10_000)
    })
  )
})
