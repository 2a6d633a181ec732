import { assert, describe, it } from "@effect/vitest"
import { Cached } from "@hexcache/cached"
import { Effect, Exit, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import { type Database, DbError, setup, silently, User } from "../support/Database.ts"
import { isFull, setupProcesses } from "../support/processes.ts"

const down = new DbError({ reason: "down" })

const makeUsers = (db: Database) =>
  Cached.make({
    namespace: "user",
    schema: User,
    lookup: db.find,
    ttl: "1 hour",
    staleFor: "10 minutes",
    tags: () => ["people"]
  })

describe("Cached: expire", () => {
  it.effect("an expired key is looked up at once, and its older value never seen where the source works", () => {
    const { db, here, there } = setupProcesses()
    const users = makeUsers(db)
    return Effect.gen(function* () {
      yield* here(users.get(1))
      db.names.set(1, "Ada")
      yield* here(users.expire(1))
      assert.isTrue(Option.isNone(yield* there(users.getOption(1))))
      db.takes = 100
      const read = yield* Effect.forkChild(there(users.get(1)))
      yield* TestClock.adjust(100)
      assert.strictEqual((yield* Fiber.join(read)).name, "Ada")
      assert.strictEqual((yield* here(users.get(1))).name, "Ada")
      assert.deepStrictEqual(db.lookups, [1, 1])
    })
  })

  it.effect("an expired key keeps its older value for where the source fails, for as long as it may be stale", () => {
    const { db, here, there } = setupProcesses()
    const users = makeUsers(db)
    return Effect.gen(function* () {
      yield* here(users.get(1))
      db.names.set(1, "Ada")
      yield* here(users.expire(1))
      db.fault = Effect.fail(down)
      for (const process of [here, there]) assert.strictEqual((yield* process(users.get(1))).name, "user 1")
      assert.deepStrictEqual(db.lookups, [1, 1, 1])
      yield* here(users.get(1))
      assert.strictEqual(db.lookups.length, 3, "a source that fails rests")
      yield* TestClock.adjust("10 seconds")
      db.fault = undefined
      assert.strictEqual((yield* here(users.get(1))).name, "Ada")
      assert.strictEqual((yield* there(users.get(1))).name, "Ada")

      yield* here(users.expire(1))
      db.fault = Effect.fail(down)
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual(yield* Effect.exit(here(users.get(1))), Exit.fail(down))
    }).pipe(silently)
  })

  it.effect("a refresh of an expired key fails as its lookup does", () => {
    const { db, run } = setup()
    const users = makeUsers(db)
    return Effect.gen(function* () {
      yield* users.get(1)
      yield* users.expire(1)
      db.fault = Effect.fail(down)
      assert.deepStrictEqual(yield* Effect.exit(users.refresh(1)), Exit.fail(down))
      assert.strictEqual((yield* users.get(1)).name, "user 1")
    }).pipe(run, silently)
  })

  it.effect("the values of expired keys are served among many, each for itself", () => {
    const { db, run } = setup()
    const users = Cached.make({
      namespace: "user",
      schema: User,
      lookupMany: db.findMany,
      ttl: "1 hour",
      staleFor: "10 minutes"
    })
    return Effect.gen(function* () {
      yield* users.getMany([1, 2, 3])
      yield* users.expire(1)
      yield* users.expire(2)
      db.fault = Effect.fail(down)
      assert.deepStrictEqual(Array.from((yield* users.getMany([3, 1, 2])).keys()), [3, 1, 2])
      assert.deepStrictEqual(db.batches.splice(0), [
        [1, 2, 3],
        [1, 2]
      ])
      assert.deepStrictEqual(Array.from((yield* users.getMany([3, 1])).keys()), [3, 1])
      assert.deepStrictEqual(db.batches, [], "a source that fails rests")
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(yield* Effect.exit(users.getMany([1, 4])), Exit.fail(down))
      db.fault = undefined
      db.names.set(2, "Ada")
      assert.deepStrictEqual(
        Array.from((yield* users.getMany([1, 2, 4])).values(), ({ name }) => name),
        ["user 1", "Ada", "user 4"]
      )
    }).pipe(run, silently)
  })

  it.effect("an expired key has no value where its source has none", () => {
    const { db, run } = setup()
    const users = Cached.make({
      namespace: "user",
      schema: User,
      lookupMany: (ids: ReadonlyArray<number>) =>
        Effect.map(db.findMany(ids), (found) => Array.from(found).filter(([, { name }]) => name !== "gone")),
      ttl: "1 hour",
      staleFor: "10 minutes"
    })
    return Effect.gen(function* () {
      yield* users.getMany([1, 2])
      db.names.set(1, "gone")
      yield* users.expire(1)
      assert.deepStrictEqual(Array.from((yield* users.getMany([1, 2])).keys()), [2])
    }).pipe(run)
  })

  const outdating = [
    ["an invalidation", (users: ReturnType<typeof makeUsers>) => users.invalidate(1)],
    ["an invalidation of its tag", (users: ReturnType<typeof makeUsers>) => users.invalidateTag("people")],
    ["an invalidation of everything", (users: ReturnType<typeof makeUsers>) => users.invalidateAll]
  ] as const
  for (const [what, outdate] of outdating)
    it.effect(`an expired key leaves nothing behind after ${what}, however late the writes of expire come`, () => {
      const { db, here, there, store } = setupProcesses()
      const users = makeUsers(db)
      return Effect.gen(function* () {
        for (const operation of ["set", "compareAndDelete", "setIfAbsent"] as const) {
          yield* here(users.get(1))
          store.before = (asked) => (asked.operation === operation ? Effect.sleep(100) : Effect.void)
          const expiring = yield* Effect.forkChild(here(users.expire(1)))
          yield* TestClock.adjust(10)
          yield* there(outdate(users))
          yield* TestClock.adjust(1_000)
          yield* Fiber.join(expiring)
          store.before = () => Effect.void
          db.fault = Effect.fail(down)
          for (const process of [here, there])
            assert.deepStrictEqual(yield* Effect.exit(process(users.get(1))), Exit.fail(down), operation)
          db.fault = undefined
        }
      })
    })

  it.effect("an expired key is forgotten where the store takes no write", () => {
    const { db, here, there, store } = setupProcesses()
    const users = makeUsers(db)
    return Effect.gen(function* () {
      yield* here(users.get(1))
      store.fails = isFull
      yield* here(users.expire(1))
      store.fails = () => false
      db.fault = Effect.fail(down)
      assert.deepStrictEqual(yield* Effect.exit(there(users.get(1))), Exit.fail(down))
    })
  })
})
