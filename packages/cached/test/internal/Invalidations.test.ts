import { assert, describe, it } from "@effect/vitest"
import type { CachePort } from "@hexcache/cache-port"
import { Cached } from "@hexcache/cached"
import { Effect, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"
import { type Database, otherProcess, setup, silently, type User, usual } from "../support/Database.ts"

type Users = Cached.Cached<number, User, User, unknown, CachePort>

const tagged = (db: Database) => Cached.make({ ...usual(db), staleFor: "1 hour", tags: ({ tags }) => tags })

/** Every way to forget user 1, who is tagged "one". */
const ways: ReadonlyArray<readonly [what: string, forget: (users: Users) => Effect.Effect<void, never, CachePort>]> = [
  ["invalidate", (users) => users.invalidate(1)],
  ["invalidateTag", (users) => users.invalidateTag("one")],
  ["invalidateAll", (users) => users.invalidateAll]
]

const tag = (db: Database) => {
  db.tags.set(1, ["one", "all"])
  db.tags.set(2, ["two", "all"])
}

describe("Cached: invalidation", () => {
  for (const [what, forget] of ways) {
    it.effect(`${what} forgets the key, in this process and in others, in constant time`, () => {
      const { db, run, store } = setup()
      const [users, others] = [tagged(db), tagged(db)]
      tag(db)
      return Effect.gen(function* () {
        yield* users.getMany([1, 2])
        db.names.set(1, "new")
        store.asked = []
        yield* forget(users)
        assert.isAtMost(store.asked.length, 2)
        for (const view of [others, users]) {
          assert.strictEqual((yield* view.get(1)).name, "new")
          assert.strictEqual((yield* view.getMany([1])).get(1)?.name, "new")
        }
        const isAll = what === "invalidateAll"
        yield* others.get(2)
        assert.deepStrictEqual(db.lookups, isAll ? [1, 2, 1, 2] : [1, 2, 1])
      }).pipe(run)
    })

    it.effect(`a lookup that began before ${what} is for its present readers, and for no later one`, () => {
      const { db, run } = setup()
      const users = tagged(db)
      tag(db)
      return Effect.gen(function* () {
        yield* users.getMany([3])
        db.takes = 100
        const before = yield* Effect.forkChild(users.get(1))
        yield* TestClock.adjust(50)
        db.names.set(1, "new")
        yield* forget(users)
        const after = yield* Effect.forkChild(users.get(1))
        yield* TestClock.adjust(50)
        assert.strictEqual((yield* Fiber.join(before)).name, "user 1")
        yield* TestClock.adjust(50)
        assert.strictEqual((yield* Fiber.join(after)).name, "new")
        assert.strictEqual((yield* users.get(1)).name, "new")
        assert.strictEqual(db.lookups.filter((id) => id === 1).length, 2)
      }).pipe(run)
    })

    it.effect(`a lookup of another process that began before ${what} stores nothing that is read`, () => {
      const { db, run } = setup()
      const [users, others] = [tagged(db), tagged(db)]
      tag(db)
      return Effect.gen(function* () {
        yield* users.getMany([3])
        db.takes = 100
        const before = yield* Effect.forkChild(others.get(1))
        yield* TestClock.adjust(50)
        db.names.set(1, "new")
        yield* forget(users)
        yield* TestClock.adjust(50)
        assert.strictEqual((yield* Fiber.join(before)).name, "user 1")
        for (const view of [users, others]) {
          const after = yield* Effect.forkChild(view.get(1))
          yield* TestClock.adjust(100)
          assert.strictEqual((yield* Fiber.join(after)).name, "new")
        }
      }).pipe(run)
    })

    it.effect(`a write that comes late after ${what} brings nothing back`, () => {
      const { db, run, store } = setup()
      const [users, others] = [tagged(db), tagged(db)]
      tag(db)
      return Effect.gen(function* () {
        yield* users.getMany([3])
        store.before = ({ keys, operation }) =>
          operation === "set" && keys[0]?.endsWith("{:1}") ? Effect.sleep(100) : Effect.void
        yield* users.get(1)
        store.before = () => Effect.void
        db.names.set(1, "new")
        yield* forget(others)
        yield* TestClock.adjust(100)
        assert.strictEqual((yield* users.get(1)).name, "new")
        assert.strictEqual((yield* others.get(1)).name, "new")
      }).pipe(run)
    })

    it.effect(`${what} that fails is pending: this process reads nothing outdated, and retries it`, () => {
      const { db, run, store } = setup()
      const users = tagged(db)
      tag(db)
      return Effect.gen(function* () {
        yield* users.getMany([1, 2])
        store.fails = ({ operation }) => operation !== "getMany"
        db.names.set(1, "new")
        yield* forget(users)
        for (let round = 0; round < 3; round++) {
          assert.strictEqual((yield* users.get(1)).name, "new")
          assert.strictEqual((yield* users.getMany([1])).get(1)?.name, "new")
        }
        store.fails = () => false
        yield* users.get(1)
        yield* users.get(1)
        const { length } = db.lookups
        assert.strictEqual((yield* users.get(1)).name, "new")
        assert.strictEqual(db.lookups.length, length)
        assert.strictEqual((yield* tagged(db).get(1)).name, "new")
      }).pipe(run, silently)
    })

    it.effect(`${what} that fails again during its retry stays pending`, () => {
      const { db, run, store } = setup()
      const users = tagged(db)
      tag(db)
      return Effect.gen(function* () {
        yield* users.getMany([1, 2])
        store.fails = ({ operation }) => operation !== "getMany"
        yield* forget(users)
        // Making good takes a while, and meanwhile the store is worse again.
        store.fails = () => false
        store.after = ({ operation }) => (operation === "getMany" ? Effect.void : Effect.sleep(100))
        yield* users.get(2)
        yield* TestClock.adjust(50)
        store.after = () => Effect.void
        yield* tagged(db).get(1)
        db.names.set(1, "new")
        store.fails = ({ operation }) => operation !== "getMany"
        yield* forget(users)
        store.fails = () => false
        yield* TestClock.adjust(1_000)
        for (let round = 0; round < 3; round++) assert.strictEqual((yield* users.get(1)).name, "new")
      }).pipe(run, silently)
    })
  }

  it.effect("a lookup from before an invalidation does not take the place of a later one's value", () => {
    const { db, run } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      yield* users.get(0)
      db.takes = 100
      yield* Effect.forkChild(users.get(1))
      yield* TestClock.adjust(50)
      yield* users.invalidate(1)
      db.takes = 0
      yield* users.get(1)
      yield* TestClock.adjust(50)
      yield* users.get(1)
      assert.deepStrictEqual(db.lookups, [0, 1, 1])
    }).pipe(run)
  })

  it.effect("a refresh in the background is interrupted when its key is invalidated", () => {
    const { db, run } = setup()
    const users = tagged(db)
    return Effect.gen(function* () {
      yield* users.get(1)
      yield* TestClock.adjust("6 minutes")
      db.takes = 100
      yield* users.get(1)
      assert.strictEqual(db.running, 1)
      yield* users.invalidate(1)
      yield* TestClock.adjust(0)
      assert.strictEqual(db.running, 0)
    }).pipe(run)
  })

  it.effect("a lookup begins once its generations are made, so that no invalidation before that outdates it", () => {
    const { db, run, store } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      store.before = ({ operation }) => (operation === "setIfAbsent" ? Effect.sleep(50) : Effect.void)
      const before = yield* Effect.forkChild(users.get(1))
      yield* TestClock.adjust(20)
      db.names.set(1, "new")
      yield* otherProcess(db).invalidateAll
      yield* TestClock.adjust(30)
      assert.strictEqual((yield* Fiber.join(before)).name, "new")
      assert.strictEqual((yield* otherProcess(db).get(1)).name, "new")
    }).pipe(run)
  })

  it.effect("a store that loses the generation of a key does not bring back its entry", () => {
    const { db, run, store } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      yield* users.get(1)
      db.names.set(1, "new")
      yield* users.invalidate(1)
      for (const name of store.names("{:1}")) if (!store.entryNames(1).includes(name)) store.entries.delete(name)
      assert.strictEqual((yield* users.get(1)).name, "new")
    }).pipe(run)
  })

  it.effect("everything is pending when too much is pending one by one, and memory holds no more", () => {
    const { db, run, store } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      yield* users.getMany([1, 2_000])
      store.fails = () => true
      for (let id = 3; id < 1_100; id++) yield* users.invalidate(id)
      store.fails = () => false
      db.names.set(2_000, "new")
      assert.strictEqual((yield* users.get(2_000)).name, "new")
      assert.isAtMost(store.count("setMany"), 1_100)
      const { length } = db.lookups
      yield* users.get(2_000)
      yield* users.get(2_000)
      assert.isAtMost(db.lookups.length - length, 1)
    }).pipe(run, silently)
  })

  it.effect("a store that has lost its generations returns nothing that was invalidated", () => {
    const { db, run, store } = setup()
    const users = tagged(db)
    tag(db)
    return Effect.gen(function* () {
      yield* users.getMany([1, 2])
      const entries = new Map([...store.entries].filter(([name]) => /:[12]$/.test(name)))
      db.names.set(1, "new")
      db.names.set(2, "new")
      yield* users.invalidateAll
      for (const lost of [":all", ":one", ":two"]) {
        for (const [name, entry] of entries) store.entries.set(name, entry)
        for (const name of store.names(lost)) store.entries.delete(name)
        for (const id of [1, 2]) assert.strictEqual((yield* users.get(id)).name, "new", `${lost} ${id}`)
      }
    }).pipe(run)
  })

  it.effect("an invalidation reaches the entries of versions with another schema", () => {
    const { db, run } = setup()
    const old = Cached.make({ ...usual(db), schema: usual(db).schema.annotate({}) })
    const wider = Cached.make({ ...usual(db), schema: usual(db).schema })
    return Effect.gen(function* () {
      yield* old.get(1)
      db.names.set(1, "new")
      yield* wider.invalidate(1)
      assert.strictEqual((yield* old.get(1)).name, "new")
    }).pipe(run)
  })

  it.effect("set stores a value, with its tags and without a lookup", () => {
    const { db, run } = setup()
    const [users, others] = [tagged(db), tagged(db)]
    return Effect.gen(function* () {
      yield* users.set(1, { id: 1, name: "set", tags: ["one"] })
      for (const view of [users, others]) assert.strictEqual((yield* view.get(1)).name, "set")
      assert.deepStrictEqual(db.lookups, [])
      yield* others.invalidateTag("one")
      assert.strictEqual((yield* users.get(1)).name, "user 1")
    }).pipe(run)
  })

  it.effect("a lookup that began before a set never takes its place", () => {
    const { db, run } = setup()
    const [users, others] = [tagged(db), tagged(db)]
    return Effect.gen(function* () {
      yield* users.get(3)
      db.takes = 100
      const slow = yield* Effect.forkChild(others.get(1))
      yield* TestClock.adjust(50)
      db.takes = 0
      db.names.set(1, "set")
      yield* users.set(1, db.user(1))
      for (const view of [users, others]) assert.strictEqual((yield* view.refresh(1)).name, "set")
      yield* TestClock.adjust(50)
      assert.strictEqual((yield* Fiber.join(slow)).name, "user 1")
      for (const view of [users, others]) assert.strictEqual((yield* view.get(1)).name, "set")
    }).pipe(run)
  })

  it.effect("a set that fails forgets the stored value", () => {
    const { db, run, store } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      yield* users.get(1)
      db.names.set(1, "new")
      store.fails = ({ operation }) => operation !== "getMany"
      yield* users.set(1, db.user(1))
      assert.strictEqual((yield* users.get(1)).name, "new")
      store.fails = () => false
      yield* users.get(1)
      assert.strictEqual((yield* otherProcess(db).get(1)).name, "new")
    }).pipe(run, silently)
  })

  it.effect("refresh looks up now, whatever is stored or in flight, and stores its value", () => {
    const { db, run } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      yield* users.get(1)
      db.names.set(1, "new")
      assert.strictEqual((yield* users.refresh(1)).name, "new")
      assert.strictEqual((yield* users.get(1)).name, "new")
      assert.strictEqual(db.lookups.length, 2)
      db.takes = 100
      const slow = yield* Effect.forkChild(users.refresh(1))
      yield* TestClock.adjust(50)
      db.names.set(1, "newest")
      const last = yield* Effect.forkChild(users.refresh(1))
      yield* TestClock.adjust(100)
      assert.strictEqual((yield* Fiber.join(slow)).name, "new")
      assert.strictEqual((yield* Fiber.join(last)).name, "newest")
      assert.strictEqual((yield* users.get(1)).name, "newest")
    }).pipe(run)
  })

  it.effect("a process that only changes keys retries what is pending", () => {
    const { db, run, store } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      yield* otherProcess(db).get(1)
      db.names.set(1, "new")
      store.fails = () => true
      yield* users.invalidate(1)
      store.fails = () => false
      yield* users.invalidate(2)
      yield* TestClock.adjust(0)
      assert.strictEqual((yield* otherProcess(db).get(1)).name, "new")
    }).pipe(run, silently)
  })

  it.effect("one key that the cache refuses costs an invalidation of many few operations more", () => {
    const { run, store } = setup()
    const names = Cached.make({
      namespace: "name",
      schema: Schema.String,
      lookup: (key: string) => Effect.succeed(key),
      ttl: "1 hour"
    })
    const keys = Array.from({ length: 2_000 }, (_, key) => String(key))
    return Effect.gen(function* () {
      yield* names.getMany(keys)
      yield* names.invalidateMany(["\ud800", ...keys])
      assert.deepStrictEqual(store.names("}"), [])
      assert.isAtMost(store.count("deleteMany"), 20)
    }).pipe(run, silently)
  })

  it.effect("a pending invalidation is one of every Cached of the namespace", () => {
    const { db, run, store } = setup()
    const [users, others] = [Cached.make(usual(db)), Cached.make(usual(db))]
    return Effect.gen(function* () {
      yield* users.get(1)
      db.names.set(1, "new")
      store.fails = ({ operation }) => operation !== "getMany"
      yield* others.invalidate(1)
      assert.strictEqual((yield* users.get(1)).name, "new")
      store.fails = () => false
      yield* users.get(2)
      assert.strictEqual((yield* others.get(1)).name, "new")
    }).pipe(run, silently)
  })
})
