import { assert, describe, it } from "@effect/vitest"
import { FailOpen } from "@hexcache/cache-layers"
import { CachePort, DriverFailure, Unavailable } from "@hexcache/cache-port"
import * as Faulty from "@hexcache/cache-port/test-support/Faulty"
import { MapStore } from "@hexcache/cache-port/test-support/MapStore"
import { Cached } from "@hexcache/cached"
import { Database, silently, usual } from "@hexcache/cached/test-support/Database"
import { Context, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"

const down = new DriverFailure(new Unavailable({ message: "no connection is ready" }))

describe("Cached on FailOpen", () => {
  it.effect(
    "Every method of Cached works on a cache that fails open: a lookup each time, one read before it and no write",
    () => {
      const db = new Database()
      const store = new MapStore()
      const users = Cached.make(usual(db))
      store.fails = () => true
      return Effect.gen(function* () {
        assert.deepStrictEqual(yield* users.get(1), db.user(1))
        assert.deepStrictEqual(yield* users.get(1), db.user(1))
        assert.strictEqual(store.asked.length, 2)
        assert.deepStrictEqual(yield* users.getMany([1, 2]), new Map([1, 2].map((id) => [id, db.user(id)])))
        assert.deepStrictEqual(yield* users.refresh(1), db.user(1))
        yield* users.set(1, db.user(1))
        yield* users.invalidate(1)
        yield* users.invalidateTag("tag")
        yield* users.invalidateAll
        assert.deepStrictEqual(yield* users.get(1), db.user(1))
        assert.strictEqual(db.lookups.length, 6)
      }).pipe(Effect.provide(Layer.provide(FailOpen.layer, Layer.succeed(CachePort, store.cache))), silently)
    }
  )

  it.effect("an invalidation through the strict cache that is pending holds for readers of the other one", () => {
    const store = new MapStore()
    const db = new Database()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      const context = yield* Layer.build(FailOpen.layer.pipe(Layer.provide(Layer.succeed(CachePort, store.cache))))
      const open = Effect.provideService(CachePort, Context.get(context, CachePort))
      const strict = Effect.provideService(CachePort, Context.get(context, FailOpen).strict)
      yield* open(users.get(1))
      db.names.set(1, "new")
      store.fails = ({ operation }) => operation !== "getMany"
      yield* strict(users.invalidate(1))
      assert.strictEqual((yield* open(users.get(1))).name, "new")
    }).pipe(silently)
  })
})

describe("CachePort.ready on FailOpen", () => {
  it.effect("ready waits for the store below a layer that fails open", () =>
    Effect.gen(function* () {
      const faulty = Faulty.make()
      faulty.failure = down
      const layer = Layer.provide(FailOpen.layer, Layer.succeed(CachePort, faulty.cache))
      const cache = Context.get(yield* Layer.build(layer), CachePort)
      const waiting = yield* Effect.forkChild(CachePort.ready(cache), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      assert.isUndefined(waiting.pollUnsafe())
      faulty.failure = undefined
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(waiting)
    })
  )
})
