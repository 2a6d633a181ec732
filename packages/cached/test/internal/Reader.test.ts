import { assert, describe, it } from "@effect/vitest"
import { Cached } from "@hexcache/cached"
import { Effect, Option } from "effect"
import { TestClock } from "effect/testing"
import { setup, silently, usual } from "../support/Database.ts"

describe("Cached: getOption", () => {
  it.effect("getOption returns the value of the cache, fresh or stale, and looks nothing up", () => {
    const { db, run } = setup()
    const users = Cached.make({ ...usual(db), namespace: "optional", staleFor: "1 hour", refreshAhead: 1e9 })
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* users.getOption(1), Option.none())
      yield* users.set(1, db.user(1))
      for (const later of [0, 6, 58]) {
        yield* TestClock.adjust(`${later} minutes`)
        assert.deepStrictEqual(yield* users.getOption(1), Option.some(db.user(1)))
      }
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* users.getOption(1), Option.none())
      assert.deepStrictEqual(db.lookups, [])
      const { hits, misses, stale } = yield* users.stats
      assert.deepStrictEqual({ hits, misses, stale }, { hits: 1, misses: 2, stale: 2 })
    }).pipe(run)
  })

  it.effect("getOption returns none for a key without a value", () => {
    const { db, run } = setup()
    const users = Cached.make({ ...usual(db), lookup: db.findEven, negativeTtl: "1 minute" })
    return Effect.gen(function* () {
      yield* users.getMany([1, 2])
      assert.deepStrictEqual(yield* users.getOption(1), Option.none())
      assert.deepStrictEqual(yield* users.getOption(2), Option.some(db.user(2)))
    }).pipe(run)
  })

  it.effect("getOption returns none where the cache fails, and nothing that a pending invalidation outdates", () => {
    const { db, run, store } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      yield* users.get(1)
      store.fails = () => true
      assert.deepStrictEqual(yield* users.getOption(1), Option.none())
      yield* users.invalidate(1)
      store.fails = ({ operation }) => operation !== "getMany"
      assert.deepStrictEqual(yield* users.getOption(1), Option.none())
    }).pipe(run, silently)
  })

  it.effect("getOption returns a value that is on its way into the cache", () => {
    const { db, run, store } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      yield* users.get(0)
      store.before = ({ operation }) => (operation === "set" ? Effect.sleep(100) : Effect.void)
      yield* users.get(1)
      assert.deepStrictEqual(yield* users.getOption(1), Option.some(db.user(1)))
    }).pipe(run)
  })
})
