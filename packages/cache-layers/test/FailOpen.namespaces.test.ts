import { afterAll, assert, describe, it } from "@effect/vitest"
import { FailOpen } from "@hexcache/cache-layers"
import { CachePort, CacheStats } from "@hexcache/cache-port"
import { MapStore } from "@hexcache/cache-port/test-support/MapStore"
import { Cached } from "@hexcache/cached"
import { Database, silently, usual } from "@hexcache/cached/test-support/Database"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"

/** A request of a tenant, which makes its namespace of the cache anew. */
const requests = (cache: CachePort["Service"]) => (tenant: string) =>
  Effect.provideServiceEffect(
    CachePort,
    Effect.sync(() => CachePort.namespaced(cache, tenant))
  )

describe("Cached on a namespace that each request makes anew", () => {
  afterAll(CacheStats.forgetNamespaces)

  for (const [what, over] of [
    ["a cache", Layer.empty],
    ["a cache that fails open", FailOpen.layer]
  ] as const) {
    const setup = Effect.gen(function* () {
      const store = new MapStore()
      const db = new Database()
      const inner = Layer.succeed(CachePort, store.cache)
      const cache = yield* Effect.provide(CachePort, Layer.provideMerge(over, inner))
      return { store, db, of: requests(cache), users: Cached.make(usual(db)) }
    })

    it.effect(`Requests of a tenant share lookups, on ${what}`, () =>
      Effect.gen(function* () {
        const { db, of, users } = yield* setup
        db.takes = 10
        const reading = yield* Effect.forkChild(
          Effect.forEach(Array.from({ length: 20 }), () => of("one")(users.get(1)), { concurrency: "unbounded" })
        )
        yield* TestClock.adjust(10)
        yield* Fiber.join(reading)
        assert.deepStrictEqual(db.lookups, [1])
        const other = yield* Effect.forkChild(of("two")(users.get(1)))
        yield* TestClock.adjust(10)
        yield* Fiber.join(other)
        assert.deepStrictEqual(db.lookups, [1, 1])
      })
    )

    it.effect(
      `A request retries the pending invalidations of earlier ones, however many tenants come in between, on ${what}`,
      () =>
        Effect.gen(function* () {
          const { db, of, store, users } = yield* setup
          yield* of("one")(users.get(1))
          db.names.set(1, "new")
          store.fails = ({ operation }) => operation !== "getMany"
          yield* of("one")(users.invalidate(1))
          for (let tenant = 0; tenant < 1_100; tenant++) yield* of(`other ${tenant}`)(users.get(1))
          assert.strictEqual((yield* of("one")(users.get(1))).name, "new")
          store.fails = () => false
          yield* of("one")(users.get(1))
          yield* of("one")(users.get(1))
          assert.strictEqual((yield* of("one")(users.get(1))).name, "new")
        }).pipe(silently)
    )
  }

  it.effect("The statistics do not grow with the number of tenants", () =>
    Effect.gen(function* () {
      const store = new MapStore()
      const before = (yield* CacheStats.of("*")).misses
      for (let tenant = 0; tenant < 1_500; tenant++) {
        yield* CachePort.namespaced(store.cache, `tenant ${tenant}`).get("key")
      }
      const stats = yield* CacheStats.all
      assert.isAtMost(stats.size, 1_001)
      assert.isAtLeast((stats.get("*")?.misses ?? 0) - before, 400)
    })
  )
})
