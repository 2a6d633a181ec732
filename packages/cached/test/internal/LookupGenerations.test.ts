import { assert, describe, it } from "@effect/vitest"
import { Cached } from "@hexcache/cached"
import { Effect, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"
import { silently, User, usual } from "../support/Database.ts"
import { isFull, setupProcesses } from "../support/processes.ts"

const Wider = Schema.Struct({ ...User.fields, age: Schema.optional(Schema.Int) })

describe("Cached: generations and invalidations", () => {
  it.effect("an invalidation outdates values that an older version of the program stores for longer", () => {
    const { db, here, there } = setupProcesses()
    const old = Cached.make({ ...usual(db), ttl: "1 day" })
    const newer = Cached.make({ ...usual(db), schema: Wider, ttl: "1 minute" })
    return Effect.gen(function* () {
      yield* here(old.get(1))
      db.names.set(1, "new")
      yield* there(newer.invalidate(1))
      yield* there(newer.get(1))
      yield* TestClock.adjust("3 minutes")
      assert.strictEqual((yield* here(old.get(1))).name, "new")
    })
  })

  it.effect("an invalidation outdates a lookup that is written after it by a version whose values live longer", () => {
    const { db, here, store, there } = setupProcesses()
    const old = Cached.make({ ...usual(db), ttl: "1 day" })
    const newer = Cached.make({ ...usual(db), ttl: "1 minute" })
    return Effect.gen(function* () {
      yield* there(old.get(1))
      db.takes = 100
      const slow = yield* Effect.forkChild(here(old.refresh(1)))
      yield* TestClock.adjust(50)
      db.names.set(1, "new")
      yield* there(newer.invalidate(1))
      yield* TestClock.adjust(50)
      assert.strictEqual((yield* Fiber.join(slow)).name, "user 1")
      yield* TestClock.adjust("3 minutes")
      db.takes = 0
      assert.strictEqual((yield* here(old.get(1))).name, "new")
      assert.isAbove(store.entries.size, 0)
    })
  })

  for (const [what, lost] of [
    ["of the key", "user:{:1}"],
    ["of all entries", "user:all"]
  ] as const) {
    it.effect(`an invalidation holds when the store evicts the generation ${what} later`, () => {
      const { db, here, store, there } = setupProcesses()
      const old = Cached.make({ ...usual(db), ttl: "1 day" })
      const newer = Cached.make({ ...usual(db), schema: Wider, ttl: "1 day" })
      return Effect.gen(function* () {
        yield* here(old.get(1))
        const kept = new Map(store.entries)
        db.names.set(1, "new")
        yield* there(newer.invalidate(1))
        yield* TestClock.adjust("1 hour")
        for (const [name, entry] of kept) if (name !== lost) store.entries.set(name, entry)
        store.entries.delete(lost)
        assert.strictEqual((yield* here(old.get(1))).name, "new")
      })
    })
  }

  it.effect("an invalidation reaches other processes on a full server, which stores nothing", () => {
    const { db, here, store, there } = setupProcesses()
    const users = Cached.make({ ...usual(db), tags: ({ tags }) => tags })
    db.tags.set(1, ["one"])
    return Effect.gen(function* () {
      // Other caches of this namespace, in this process, may have some of their own.
      const { pendingInvalidations } = yield* users.stats
      for (const forget of [
        users.invalidate(1),
        users.set(1, db.user(1)),
        users.invalidateTag("one"),
        users.invalidateAll
      ]) {
        store.fails = () => false
        yield* there(users.get(1))
        db.names.set(1, `${db.names.get(1)} and newer`)
        store.fails = isFull
        yield* here(forget)
        assert.strictEqual((yield* there(users.get(1))).name, db.names.get(1))
      }
      assert.strictEqual((yield* users.stats).pendingInvalidations, pendingInvalidations)
    }).pipe(silently)
  })

  it.effect("an invalidation is carried out whatever the longest life of a value is", () => {
    const { db, here, there } = setupProcesses()
    const ttl = Number.MAX_SAFE_INTEGER
    const users = Cached.make({ ...usual(db), ttl, staleFor: ttl, lookupTimeout: ttl })
    return Effect.gen(function* () {
      yield* there(users.get(1))
      yield* there(users.get(1))
      assert.strictEqual(db.lookups.length, 1)
      db.names.set(1, "new")
      yield* here(users.invalidate(1))
      assert.strictEqual((yield* there(users.get(1))).name, "new")
    })
  })

  it.effect("an invalidation of a key that no cache takes is not pending", () => {
    const { db, here } = setupProcesses()
    const echo = Cached.make({
      namespace: "echo",
      schema: Schema.String,
      lookup: (key: string) => Effect.as(db.find(1), key),
      ttl: "1 minute",
      tags: () => []
    })
    return Effect.gen(function* () {
      yield* here(echo.get("good"))
      for (let index = 0; index < 1_001; index++) yield* here(echo.invalidate(`\ud800${index}`))
      yield* here(echo.invalidate("k".repeat(70_000)))
      yield* here(echo.invalidateTag("\ud800"))
      yield* here(echo.get("good"))
      assert.strictEqual((yield* echo.stats).pendingInvalidations, 0)
      assert.strictEqual(db.lookups.length, 1)
    }).pipe(silently)
  })

  it.effect("an invalidation that cannot be retried with success holds up no other", () => {
    const { db, here, store, there } = setupProcesses()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      yield* there(users.getMany([1, 2]))
      db.names.set(1, "new")
      store.fails = ({ operation }) => operation !== "getMany"
      yield* here(users.invalidate(1))
      yield* here(users.invalidate(2))
      // One node of a cluster that does not come back.
      store.fails = ({ keys, operation }) => operation !== "getMany" && keys.some((key) => /2}?$/.test(key))
      yield* here(users.get(3))
      assert.strictEqual((yield* there(users.get(1))).name, "new")
      const { length } = db.lookups
      yield* here(users.get(1))
      yield* here(users.get(1))
      assert.isAtMost(db.lookups.length - length, 1)
    }).pipe(silently)
  })
})

describe("Cached: generations and set", () => {
  it.effect("a set that is overtaken by an invalidation of its process is not read", () => {
    const { db, here, store } = setupProcesses()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      yield* here(users.get(1))
      store.before = ({ operation }) => (operation === "deleteMany" ? Effect.void : Effect.sleep(100))
      const setting = yield* Effect.forkChild(here(users.set(1, { ...db.user(1), name: "set" })))
      for (let step = 0; step < 4; step++) {
        db.names.set(1, `newer ${step}`)
        yield* here(users.invalidate(1))
        yield* TestClock.adjust(100)
      }
      yield* Fiber.join(setting)
      store.before = () => Effect.void
      assert.strictEqual((yield* here(users.get(1))).name, "newer 3")
    })
  })

  it.effect("a set is forgotten when an invalidation of another process comes between its writes", () => {
    const { db, here, store, there } = setupProcesses()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      yield* here(users.get(1))
      store.before = ({ keys, operation }) =>
        operation === "setMany" && keys.includes("user:{:1}") ? Effect.sleep(100) : Effect.void
      const setting = yield* Effect.forkChild(here(users.set(1, { ...db.user(1), name: "set" })))
      yield* TestClock.adjust(50)
      db.names.set(1, "new")
      yield* there(users.invalidate(1))
      yield* TestClock.adjust(50)
      yield* Fiber.join(setting)
      for (const run of [here, there]) assert.strictEqual((yield* run(users.get(1))).name, "new")
    })
  })
})

describe("Cached: the life of generations", () => {
  it.effect(
    "the generation of a key lives as long as its entry, also where only the value says how long that is",
    () => {
      const { db, here } = setupProcesses()
      const users = Cached.make({ ...usual(db), ttl: () => "6 days" })
      return Effect.gen(function* () {
        yield* here(users.get(1))
        yield* TestClock.adjust("143 hours")
        yield* here(users.get(1))
        assert.strictEqual(db.lookups.length, 1)
      })
    }
  )

  it.effect(
    "the generation of a key ends some time after its entry, so that no store fills up with generations",
    () => {
      const { db, here, store } = setupProcesses()
      const users = Cached.make(usual(db))
      return Effect.gen(function* () {
        for (let round = 0; round < 5; round++) {
          yield* here(users.getMany([1, 2]))
          yield* here(users.get(3))
          yield* TestClock.adjust("5 minutes")
        }
        const end = store.entries.get("user:{:1}")?.end ?? Infinity
        assert.isAtMost(end, 27 * 60_000)
        assert.isAtMost(store.entries.get("user:all")?.end ?? Infinity, 31 * 86_400_000)
      })
    }
  )

  it.effect("the generation of a new key is made before its lookup, in one write for many", () => {
    const { db, here, store } = setupProcesses()
    const users = Cached.make({ ...usual(db), lookupMany: db.findMany })
    return Effect.gen(function* () {
      yield* here(users.get(0))
      store.asked = []
      yield* here(users.get(1))
      yield* here(users.getMany([2, 3]))
      yield* TestClock.adjust("5 minutes")
      yield* here(users.get(1))
      assert.deepStrictEqual(
        store.asked.map(({ operation }) => operation),
        ["getMany", "setIfAbsent", "set", "getMany", "setMany", "setMany", "getMany", "set", "expire"]
      )
    })
  })
})
