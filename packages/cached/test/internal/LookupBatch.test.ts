import { assert, describe, it } from "@effect/vitest"
import { Cached } from "@hexcache/cached"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { setup, silently, usual } from "../support/Database.ts"

const base = (db: ReturnType<typeof setup>["db"]) => ({ ...usual(db), ttl: "1 minute", staleFor: "2 minutes" }) as const

/** Lets the lookups of a database never end, from a moment on. */
const hang = (db: ReturnType<typeof setup>["db"]) => {
  db.takes = "1 day"
}

describe("Cached: lookups in the background", () => {
  for (const isMany of [false, true]) {
    const how = isMany ? "getMany" : "get"
    const read = (users: ReturnType<typeof make>) =>
      isMany
        ? Effect.map(users.getMany([1]), (found) => found.get(1)?.name)
        : Effect.map(users.get(1), ({ name }) => name)
    const make = (db: ReturnType<typeof setup>["db"], options = {}) => Cached.make({ ...base(db), ...options })

    it.effect(`a lookup that never ends is replaced by ${how} at once when the stale value is gone`, () => {
      const { db, run } = setup()
      const users = make(db, { refreshTimeout: "1 day" })
      return Effect.gen(function* () {
        yield* users.get(1)
        yield* TestClock.adjust("90 seconds")
        hang(db)
        assert.strictEqual(yield* read(users), "user 1")
        yield* TestClock.adjust("2 minutes")
        assert.strictEqual(db.running, 1)
        db.takes = 0
        db.names.set(1, "new")
        assert.strictEqual(yield* read(users), "new")
        assert.strictEqual(db.running, 0)
        assert.strictEqual(yield* read(users), "new")
        assert.deepStrictEqual(db.lookups, [1, 1, 1])
      }).pipe(run, silently)
    })

    it.effect(
      `a lookup that never ends holds up ${how} for a second at most, when the stale value is gone right after it began`,
      () => {
        const { db, run } = setup()
        const users = make(db)
        return Effect.gen(function* () {
          yield* users.get(1)
          yield* TestClock.adjust("179999 millis")
          hang(db)
          yield* read(users)
          yield* TestClock.adjust(1)
          const reading = yield* Effect.forkChild(read(users))
          yield* TestClock.adjust(500)
          db.takes = 0
          db.names.set(1, "new")
          assert.isUndefined(reading.pollUnsafe())
          yield* TestClock.adjust(499)
          assert.strictEqual(yield* Fiber.join(reading), "new")
          assert.deepStrictEqual([db.running, db.most, db.lookups.length], [0, 1, 3])
        }).pipe(run, silently)
      }
    )

    it.effect(`a lookup that ends in time gives ${how} its value, without another lookup`, () => {
      const { db, run, store } = setup()
      const users = make(db)
      return Effect.gen(function* () {
        yield* users.get(1)
        yield* TestClock.adjust("179999 millis")
        db.takes = 900
        yield* read(users)
        db.names.set(1, "new")
        yield* TestClock.adjust(100)
        store.before = ({ operation }) => (operation === "set" ? Effect.sleep(100) : Effect.void)
        const reading = yield* Effect.forEach([1, 2], () => Effect.forkChild(read(users)))
        yield* TestClock.adjust(800)
        assert.deepStrictEqual(yield* Fiber.joinAll(reading), ["user 1", "user 1"])
        yield* read(users)
        assert.strictEqual(db.lookups.length, 2)
      }).pipe(run, silently)
    })

    it.effect(`${how} waits for a lookup twice as long as the last one took`, () => {
      const { db, run } = setup()
      const users = make(db, { refreshTimeout: "1 day" })
      return Effect.gen(function* () {
        db.takes = "10 seconds"
        yield* Effect.forkChild(users.get(1))
        yield* TestClock.adjust("189 seconds")
        hang(db)
        yield* read(users)
        yield* TestClock.adjust("1 second")
        const reading = yield* Effect.forkChild(read(users))
        yield* TestClock.adjust("18999 millis")
        assert.strictEqual(db.lookups.length, 2)
        db.takes = 0
        yield* TestClock.adjust(1)
        assert.strictEqual(yield* Fiber.join(reading), "user 1")
        assert.strictEqual(db.lookups.length, 3)
      }).pipe(run, silently)
    })
  }

  it.effect("a lookup that never ends is interrupted after a minute, and the key is looked up again after that", () => {
    const { db, run } = setup()
    const users = Cached.make({ ...base(db), staleFor: "1 day" })
    return Effect.gen(function* () {
      yield* users.get(1)
      yield* TestClock.adjust("90 seconds")
      hang(db)
      yield* users.get(1)
      yield* TestClock.adjust("59999 millis")
      assert.strictEqual(db.running, 1)
      yield* TestClock.adjust(1)
      assert.strictEqual(db.running, 0)
      yield* TestClock.adjust("10 seconds")
      db.takes = 0
      db.names.set(1, "new")
      yield* users.get(1)
      assert.strictEqual((yield* users.get(1)).name, "new")
    }).pipe(run, silently)
  })

  it.effect("a lookup is interrupted after its refreshTimeout, by default its lookupTimeout", () => {
    const { db, run } = setup()
    return Effect.gen(function* () {
      for (const [options, ends] of [
        [{ refreshTimeout: "5 seconds", lookupTimeout: "9 seconds" }, 5_000],
        [{ lookupTimeout: "9 seconds" }, 9_000]
      ] as const) {
        const users = Cached.make({ ...base(db), namespace: `ends ${ends}`, ...options })
        db.takes = 0
        yield* users.get(1)
        yield* TestClock.adjust("90 seconds")
        hang(db)
        yield* users.get(1)
        yield* TestClock.adjust(ends - 1)
        assert.strictEqual(db.running, 1)
        yield* TestClock.adjust(1)
        assert.strictEqual(db.running, 0)
      }
    }).pipe(run, silently)
  })

  it.effect("a thousand lookups that never end keep no other key from being looked up for longer than a second", () => {
    const { db, run } = setup()
    const users = Cached.make({ ...base(db), staleFor: "1 day", refreshTimeout: "1 day" })
    const ids = Array.from({ length: 1_000 }, (_, id) => id)
    return Effect.gen(function* () {
      yield* users.getMany([...ids, 5_000])
      yield* TestClock.adjust("2 minutes")
      hang(db)
      for (const id of ids) yield* users.get(id)
      yield* TestClock.adjust("999 millis")
      yield* users.get(5_000)
      assert.notInclude(db.lookups.slice(-1), 5_000)
      yield* TestClock.adjust(1)
      db.takes = 0
      db.names.set(5_000, "new")
      yield* users.get(5_000)
      assert.strictEqual((yield* users.get(5_000)).name, "new")
    }).pipe(run, silently)
  })
})
