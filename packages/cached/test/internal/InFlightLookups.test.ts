import { assert, describe, it } from "@effect/vitest"
import { Cached } from "@hexcache/cached"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { silently, usual } from "../support/Database.ts"
import { setupProcesses } from "../support/processes.ts"

const isWrite = (operation: string): boolean => operation === "deleteMany" || operation === "setMany"

describe("Cached: in-flight lookups", () => {
  it.effect("a lookup is not shared by a reader who comes after another process has invalidated its key", () => {
    const { db, here, there } = setupProcesses()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      yield* here(users.get(0))
      db.takes = 100
      const before = yield* Effect.forkChild(here(users.get(1)))
      yield* TestClock.adjust(50)
      db.names.set(1, "new")
      yield* there(users.invalidate(1))
      const after = yield* Effect.forkChild(here(users.get(1)))
      const sharing = yield* Effect.forkChild(here(users.getMany([1])))
      yield* TestClock.adjust(100)
      assert.strictEqual((yield* Fiber.join(before)).name, "user 1")
      assert.strictEqual((yield* Fiber.join(after)).name, "new")
      assert.strictEqual((yield* Fiber.join(sharing)).get(1)?.name, "new")
      assert.strictEqual(db.lookups.length, 3)
    })
  })

  it.effect("a lookup is shared by all readers before an invalidation, though each has read the cache", () => {
    const { db, here, there } = setupProcesses()
    const users = Cached.make({ ...usual(db), tags: () => ["all"] })
    return Effect.gen(function* () {
      db.takes = 100
      const reading = yield* Effect.forkChild(
        Effect.forEach([0, 10, 20, 90], (millis) => Effect.delay(here(users.get(1)), millis), {
          concurrency: "unbounded"
        })
      )
      yield* TestClock.adjust(100)
      yield* Fiber.join(reading)
      yield* there(users.get(1))
      assert.strictEqual(db.lookups.length, 1)
    })
  })

  it.effect("a lookup of a getMany shares a value that has come only until its key is invalidated", () => {
    const { db, here, there } = setupProcesses()
    const users = Cached.make({
      ...usual(db),
      lookup: (id: number) => Effect.delay(db.find(id), id === 2 ? "1 minute" : 0)
    })
    return Effect.gen(function* () {
      const reading = yield* Effect.forkChild(here(users.getMany([1, 2])))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* there(users.get(1))).name, "user 1")
      assert.strictEqual(db.lookups.length, 1)
      db.names.set(1, "new")
      yield* there(users.invalidate(1))
      for (const seconds of [1, 10, 40]) {
        yield* TestClock.adjust(`${seconds} seconds`)
        assert.strictEqual((yield* here(users.get(1))).name, "new")
      }
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* Fiber.join(reading)).get(1)?.name, "user 1")
    })
  })

  it.effect(
    "a lookup shares its value while it is written, and no longer once another process has invalidated it",
    () => {
      const { db, here, store, there } = setupProcesses()
      const users = Cached.make(usual(db))
      return Effect.gen(function* () {
        store.before = ({ operation }) => (operation === "set" ? Effect.sleep("1 minute") : Effect.void)
        yield* here(users.get(1))
        yield* here(users.get(1))
        assert.strictEqual(db.lookups.length, 1)
        db.names.set(1, "new")
        yield* there(users.invalidate(1))
        assert.strictEqual((yield* here(users.get(1))).name, "new")
      })
    }
  )

  it.effect("a lookup is shared by readers of a full server, on which no generation can be made", () => {
    const { db, here, store } = setupProcesses()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      store.fails = ({ operation }) => operation !== "getMany"
      db.takes = 100
      const reading = yield* Effect.forkChild(
        Effect.forEach([0, 10, 90], (millis) => Effect.delay(here(users.get(1)), millis), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust(100)
      yield* Fiber.join(reading)
      assert.strictEqual(db.lookups.length, 1)
    }).pipe(silently)
  })

  it.effect(
    "a lookup that begins during a failing invalidation, and waits for a lease, is not shared once that is over",
    () => {
      const { db, here, store, there } = setupProcesses()
      return Effect.gen(function* () {
        const leased = Cached.make({ ...usual(db), lease: "10 seconds" })
        const [users, others] = [yield* here(leased), yield* there(Cached.make({ ...usual(db), lease: "10 seconds" }))]
        yield* others.get(0)
        db.takes = 100
        const owner = yield* Effect.forkChild(others.get(1))
        yield* TestClock.adjust(10)
        db.names.set(1, "new")
        store.before = ({ operation }) => (isWrite(operation) ? Effect.sleep(50) : Effect.void)
        store.fails = ({ operation }) => isWrite(operation)
        const forgetting = yield* Effect.forkChild(users.invalidate(1))
        yield* TestClock.adjust(10)
        const during = yield* Effect.forkChild(users.get(1))
        yield* TestClock.adjust(40)
        yield* Fiber.join(forgetting)
        const after = yield* Effect.forkChild(users.get(1))
        yield* TestClock.adjust(300)
        assert.strictEqual((yield* Fiber.join(owner)).name, "user 1")
        yield* Fiber.join(during)
        assert.strictEqual((yield* Fiber.join(after)).name, "new")
      }).pipe(silently)
    }
  )

  it.effect("a lookup that waits for a lease gives a reader nothing that was read before the reader came", () => {
    const { db, here, store, there } = setupProcesses()
    return Effect.gen(function* () {
      const options = { ...usual(db), lease: "10 seconds" } as const
      const [users, others] = [yield* here(Cached.make(options)), yield* there(Cached.make(options))]
      yield* others.get(0)
      db.takes = 20
      const owner = yield* Effect.forkChild(others.get(1))
      yield* TestClock.adjust(1)
      const waiting = yield* Effect.forkChild(users.get(1))
      yield* TestClock.adjust(19)
      yield* Fiber.join(owner)
      // The next read of the waiting one is slow.
      store.after = ({ operation }) => (operation === "getMany" ? Effect.sleep(500) : Effect.void)
      yield* TestClock.adjust(100)
      store.after = () => Effect.void
      db.names.set(1, "new")
      yield* others.invalidate(1)
      const after = yield* Effect.forkChild(users.get(1))
      yield* TestClock.adjust("20 seconds")
      yield* Fiber.join(waiting)
      assert.strictEqual((yield* Fiber.join(after)).name, "new")
    })
  })
})
