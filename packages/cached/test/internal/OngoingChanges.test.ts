import { assert, describe, it } from "@effect/vitest"
import type { Asked, MapStore } from "@hexcache/cache-port/test-support/MapStore"
import { Cached } from "@hexcache/cached"
import { Deferred, Effect, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import { otherProcess, setup, silently, type User, usual } from "../support/Database.ts"

/** Holds the next operations of this name until the effect that it returns. */
const hold = (store: MapStore, operation: Asked["operation"]) => {
  const released = Deferred.makeUnsafe<void>()
  store.before = (asked) => (asked.operation === operation ? Deferred.await(released) : Effect.void)
  return Effect.suspend(() => {
    store.before = () => Effect.void
    return Deferred.succeed(released, undefined)
  })
}

describe("Cached: after a refresh", () => {
  it.effect("no older value follows a refresh while the value that it could not replace is being forgotten", () => {
    const { db, run, store } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      yield* users.get(1)
      db.names.set(1, "new")
      store.fails = ({ operation }) => operation === "getMany"
      const release = hold(store, "deleteMany")
      assert.strictEqual((yield* users.refresh(1)).name, "new")
      store.fails = () => false
      assert.isTrue(Option.isNone(yield* users.getOption(1)))
      assert.strictEqual((yield* users.getMany([1])).get(1)?.name, "new")
      assert.strictEqual((yield* users.get(1)).name, "new")
      yield* release
      assert.strictEqual((yield* users.get(1)).name, "new")
    }).pipe(run, silently)
  })

  it.effect("no older value follows a refresh for any of the readers of a value that is not stored", () => {
    const { db, run, store } = setup()
    const users = Cached.make({ ...usual(db), ttl: ({ name }: User) => (name === "new" ? 0 : "1 hour") })
    return Effect.gen(function* () {
      yield* users.get(1)
      db.names.set(1, "new")
      const release = hold(store, "deleteMany")
      assert.strictEqual((yield* users.refresh(1)).name, "new")
      db.takes = 10
      const first = yield* Effect.forkChild(users.get(1))
      const second = yield* Effect.forkChild(Effect.delay(users.get(1), 5))
      yield* TestClock.adjust(20)
      assert.strictEqual((yield* Fiber.join(first)).name, "new")
      assert.strictEqual((yield* Fiber.join(second)).name, "new")
      yield* release
    }).pipe(run)
  })

  it.effect("no older value follows a refresh where another tag is invalidated while its value is written", () => {
    const { db, run, store } = setup()
    const users = Cached.make({ ...usual(db), tags: ({ tags }: User) => tags })
    return Effect.gen(function* () {
      db.tags.set(1, ["red"])
      yield* users.get(1)
      db.names.set(1, "new")
      const release = hold(store, "set")
      assert.strictEqual((yield* users.refresh(1)).name, "new")
      yield* users.invalidateTag("blue")
      assert.strictEqual((yield* users.get(1)).name, "new")
      yield* release
      assert.strictEqual((yield* users.get(1)).name, "new")
    }).pipe(run)
  })

  it.effect("no older value follows a refresh where another tag was invalidated during its lookup", () => {
    const { db, run } = setup()
    const users = Cached.make({ ...usual(db), tags: ({ tags }: User) => tags })
    return Effect.gen(function* () {
      db.tags.set(1, ["red"])
      yield* users.get(1)
      db.names.set(1, "new")
      db.takes = 10
      const refreshing = yield* Effect.forkChild(users.refresh(1))
      yield* TestClock.adjust(5)
      yield* users.invalidateTag("blue")
      yield* TestClock.adjust(5)
      assert.strictEqual((yield* Fiber.join(refreshing)).name, "new")
      db.takes = 0
      assert.strictEqual((yield* users.get(1)).name, "new")
    }).pipe(run)
  })

  it.effect("no older value that was still on its way into the cache follows a refresh", () => {
    const { db, run, store } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      const release = hold(store, "set")
      yield* users.get(1)
      store.before = () => Effect.void
      db.names.set(1, "new")
      assert.strictEqual((yield* users.refresh(1)).name, "new")
      yield* release
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* users.get(1)).name, "new")
      assert.strictEqual((yield* otherProcess(db).get(1)).name, "new")
      assert.deepStrictEqual(db.lookups, [1, 1])
    }).pipe(run)
  })

  it.effect("no older value of a refresh that ends later follows a refresh", () => {
    const { db, run } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      yield* users.get(1)
      db.takes = 20
      const slow = yield* Effect.forkChild(users.refresh(1))
      yield* TestClock.adjust(5)
      db.names.set(1, "new")
      db.takes = 5
      const fast = yield* Effect.forkChild(users.refresh(1))
      yield* TestClock.adjust(5)
      assert.strictEqual((yield* Fiber.join(fast)).name, "new")
      yield* TestClock.adjust(10)
      assert.strictEqual((yield* Fiber.join(slow)).name, "user 1")
      assert.strictEqual((yield* users.get(1)).name, "new")
      assert.deepStrictEqual(db.lookups, [1, 1, 1])
    }).pipe(run)
  })

  it.effect("no older value follows a refresh while another one is under way", () => {
    const { db, run } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      yield* users.get(1)
      db.names.set(1, "new")
      db.takes = 5
      const first = yield* Effect.forkChild(users.refresh(1))
      yield* TestClock.adjust(1)
      db.takes = 20
      const second = yield* Effect.forkChild(users.refresh(1))
      yield* TestClock.adjust(4)
      assert.strictEqual((yield* Fiber.join(first)).name, "new")
      assert.strictEqual((yield* users.get(1)).name, "new")
      yield* TestClock.adjust(20)
      yield* Fiber.join(second)
      assert.deepStrictEqual(db.lookups, [1, 1, 1])
    }).pipe(run)
  })
})
