import { assert, describe, it } from "@effect/vitest"
import { Cached } from "@hexcache/cached"
import { Effect, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"
import { type Database, silently, User, usual } from "../support/Database.ts"
import { setupProcesses } from "../support/processes.ts"

const tagged = (db: Database) => Cached.make({ ...usual(db), tags: ({ tags }) => tags })

/** The lists that users are in, beside the users themselves. */
const listed = (db: Database) =>
  Cached.make({
    namespace: "team",
    schema: Schema.Array(User),
    lookup: (_: string) => Effect.map(Effect.all([db.find(1), db.find(2)]), (users) => users),
    ttl: "1 hour",
    tags: (users) => users.map(({ id }) => `user ${id}`)
  })

describe("Cached: tags", () => {
  for (const [what, forget] of [
    ["of one Cached", (db: Database) => tagged(db).invalidateTag("user 1")],
    ["of the cache", () => Cached.invalidateTag("user 1")]
  ] as const) {
    for (const isFailing of [false, true]) {
      it.effect(`${isFailing ? "a pending" : "an"} invalidation ${what} reaches an entity and its lists`, () => {
        const { db, here, store, there } = setupProcesses()
        const [users, teams] = [tagged(db), listed(db)]
        db.tags.set(1, ["user 1"])
        return Effect.gen(function* () {
          yield* here(Effect.andThen(users.get(1), teams.get("red")))
          db.names.set(1, "new")
          store.fails = ({ operation }) => isFailing && operation !== "getMany"
          yield* here(forget(db))
          assert.strictEqual((yield* here(users.get(1))).name, "new")
          assert.strictEqual((yield* here(teams.get("red")))[0]?.name, "new")
          store.fails = () => false
          yield* here(teams.get("red"))
          assert.strictEqual((yield* there(users.get(1))).name, "new")
          assert.strictEqual((yield* there(teams.get("red")))[0]?.name, "new")
        }).pipe(silently)
      })
    }
  }

  it.effect("an invalidation outdates the lookups of another Cached of the process, also where it is pending", () => {
    const { db, here, store } = setupProcesses()
    const [users, teams] = [tagged(db), listed(db)]
    return Effect.gen(function* () {
      yield* here(teams.get("blue"))
      db.takes = 100
      yield* Effect.forkChild(here(teams.get("red")))
      yield* TestClock.adjust(50)
      db.names.set(1, "new")
      store.fails = ({ operation }) => operation !== "getMany"
      yield* here(users.invalidateTag("user 1"))
      const after = yield* Effect.forkChild(here(teams.get("red")))
      yield* TestClock.adjust(200)
      assert.strictEqual((yield* Fiber.join(after))[0]?.name, "new")
    }).pipe(silently)
  })

  it.effect("a pending invalidation whose retry succeeds while tags are read lets no older value be read", () => {
    const { db, here, store } = setupProcesses()
    const users = tagged(db)
    db.tags.set(1, ["one", "two"])
    return Effect.gen(function* () {
      yield* here(users.get(1))
      db.names.set(1, "new")
      store.fails = ({ operation }) => operation !== "getMany"
      yield* here(users.invalidateTag("one"))
      store.fails = () => false
      // The tags are read before they are changed, and answered after.
      store.after = ({ keys, operation }) =>
        operation === "getMany" && keys.some((key) => key.includes("tag:")) ? Effect.sleep(100) : Effect.void
      store.before = ({ operation }) => (operation === "getMany" ? Effect.void : Effect.sleep(10))
      const reading = yield* Effect.forkChild(here(users.get(1)))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(reading)).name, "new")
    }).pipe(silently)
  })

  it.effect("a lookup from before an invalidation stores nothing, though the store loses the watermark", () => {
    const { db, here, store, there } = setupProcesses()
    const users = tagged(db)
    db.tags.set(1, ["one"])
    return Effect.gen(function* () {
      yield* here(users.get(0))
      for (const name of store.names("tags")) store.entries.delete(name)
      db.takes = 100
      const slow = yield* Effect.forkChild(here(users.get(1)))
      yield* TestClock.adjust(50)
      db.names.set(1, "new")
      yield* there(users.invalidateTag("one"))
      for (const name of store.names("tags")) store.entries.delete(name)
      yield* TestClock.adjust(50)
      yield* Fiber.join(slow)
      db.takes = 0
      assert.strictEqual((yield* here(users.get(1))).name, "new")
    })
  })

  it.effect("a value is stored from its second lookup on, however often other tags are invalidated meanwhile", () => {
    const { db, here, there } = setupProcesses()
    const users = tagged(db)
    db.tags.set(1, ["one"])
    return Effect.gen(function* () {
      db.takes = 100
      for (let lookup = 0; lookup < 3; lookup++) {
        const reading = yield* Effect.forkChild(here(users.get(1)))
        yield* TestClock.adjust(50)
        yield* there(users.invalidateTag("two"))
        yield* TestClock.adjust(50)
        yield* Fiber.join(reading)
      }
      assert.strictEqual(db.lookups.length, 2)
    })
  })

  it.effect("a value that gets another tag while it is looked up again is not stored under it unseen", () => {
    const { db, here, there } = setupProcesses()
    const users = Cached.make({ ...usual(db), staleFor: "1 hour", tags: ({ tags }) => tags })
    db.tags.set(1, ["one"])
    return Effect.gen(function* () {
      yield* here(users.get(1))
      yield* TestClock.adjust("6 minutes")
      db.tags.set(1, ["one", "two"])
      db.takes = 100
      yield* here(users.get(1))
      yield* TestClock.adjust(50)
      db.names.set(1, "new")
      yield* there(users.invalidateTag("two"))
      yield* TestClock.adjust(50)
      // The stale value has not got the tag; what was looked up has, and is not kept.
      const reading = yield* Effect.forkChild(here(users.get(1)))
      yield* TestClock.adjust(100)
      yield* Fiber.join(reading)
      assert.strictEqual((yield* here(users.get(1))).name, "new")
    })
  })

  for (const days of [1, 30, 90]) {
    it.effect(`a tag that is in use is never missed all at once, not after ${days} days`, () => {
      const { db, here } = setupProcesses()
      const users = tagged(db)
      db.tags.set(0, ["all"])
      db.tags.set(1, ["all"])
      return Effect.gen(function* () {
        for (let day = 0; day < days; day += 5) {
          yield* here(users.get(0))
          yield* TestClock.adjust(`${Math.min(5, days - day) * 24 * 60 - (day + 5 >= days ? 1 : 0)} minutes`)
        }
        yield* here(users.get(1))
        yield* TestClock.adjust("2 minutes")
        const { length } = db.lookups
        yield* here(users.get(1))
        assert.strictEqual(db.lookups.length, length)
      })
    })
  }

  for (const knows of [true, false]) {
    it.effect(
      `more pending tags than are kept one by one reach the values of others, ${knows ? "though" : "as"} the process has ${knows ? "other" : "no"} values with tags`,
      () => {
        const { db, here, store, there } = setupProcesses()
        const [users, teams] = [tagged(db), listed(db)]
        return Effect.gen(function* () {
          if (knows) yield* here(users.get(3))
          yield* there(teams.get("red"))
          db.names.set(1, "new")
          store.fails = ({ operation }) => operation !== "getMany"
          for (let id = 0; id < 1_001; id++) yield* here(Cached.invalidateTag(`user ${id}`))
          store.fails = () => false
          yield* here(Cached.invalidateTag("another"))
          assert.strictEqual((yield* there(teams.get("red")))[0]?.name, "new")
          assert.strictEqual((yield* here(teams.get("red")))[0]?.name, "new")
        }).pipe(silently)
      }
    )
  }
})
