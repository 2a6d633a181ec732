import { assert, describe, it } from "@effect/vitest"
import { Cached } from "@hexcache/cached"
import { Cause, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { type Database, DbError, setup, User } from "../support/Database.ts"

const bad = new DbError({ reason: "no such key" })

/** A source that refuses everything that comes together with key 13, and that. */
const makeUsers = (db: Database, refusal: Effect.Effect<never, DbError> = Effect.fail(bad)) =>
  Cached.make({
    namespace: "user",
    schema: User,
    lookupMany: (ids: ReadonlyArray<number>) =>
      Effect.flatMap(db.findMany(ids), (found) => (ids.includes(13) ? refusal : Effect.succeed(found))),
    ttl: "5 minutes"
  })

/** The names that were found, and how the others failed. */
const outcomes = (exits: ReadonlyArray<Exit.Exit<User, DbError>>) =>
  exits.map((exit) => (Exit.isSuccess(exit) ? exit.value.name : Cause.squash(exit.cause)))

describe("Cached: many keys that are looked up together", () => {
  for (const [what, refusal, expected] of [
    ["failure", Effect.fail(bad), bad],
    ["defect", Effect.die("bug"), "bug"]
  ] as const) {
    it.effect(`the ${what} of one key is that of its batched reader alone`, () => {
      const { db, run } = setup()
      const users = makeUsers(db, refusal)
      return Effect.gen(function* () {
        const read = Effect.forEach([1, 13, 2], (id) => Effect.exit(users.getBatched(id)), { concurrency: "unbounded" })
        assert.deepStrictEqual(outcomes(yield* read), ["user 1", expected, "user 2"])
        assert.deepStrictEqual(db.batches.splice(0), [[1, 13, 2], [1], [13], [2]])
        yield* read
        assert.deepStrictEqual(db.batches, [[13]])
      }).pipe(run)
    })
  }

  it.effect("the failure of one key fails the getMany that reads it, and no get that joined for another key", () => {
    const { db, run } = setup()
    const users = makeUsers(db)
    return Effect.gen(function* () {
      db.takes = 100
      const many = yield* Effect.forkChild(Effect.exit(users.getMany([1, 13, 2, 3])))
      yield* TestClock.adjust(50)
      const joined = yield* Effect.forkChild(
        Effect.all([Effect.exit(users.get(1)), Effect.exit(users.get(13)), Effect.exit(users.getBatched(2))], {
          concurrency: "unbounded"
        })
      )
      const other = yield* Effect.forkChild(users.getMany([2, 4]))
      yield* TestClock.adjust(50)
      assert.deepStrictEqual(yield* Fiber.join(many), Exit.fail(bad))
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(outcomes(yield* Fiber.join(joined)), ["user 1", bad, "user 2"])
      assert.deepStrictEqual([...(yield* Fiber.join(other)).keys()], [2, 4])
      assert.isFalse(db.batches.flat().filter((id) => id === 3).length > 1, "nobody waits for it any more")
    }).pipe(run)
  })

  it.effect("one bad key is looked up alone by lookup, where there is one", () => {
    const { db, run } = setup()
    const users = Cached.make({
      namespace: "user",
      schema: User,
      lookup: (id: number) => (id === 13 ? Effect.fail(bad) : db.find(id)),
      lookupMany: () => Effect.fail(new DbError({ reason: "together" })),
      ttl: "5 minutes"
    })
    return Effect.gen(function* () {
      const exits = yield* Effect.forEach([1, 13], (id) => Effect.exit(users.getBatched(id)), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(outcomes(exits), ["user 1", bad])
    }).pipe(run)
  })

  it.effect("a getMany that no reader joined fails with one lookup", () => {
    const { db, run } = setup()
    const users = makeUsers(db)
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* Effect.flip(users.getMany([1, 13, 2])), bad)
      assert.deepStrictEqual(db.batches, [[1, 13, 2]])
    }).pipe(run)
  })

  it.effect("keys that took too long together are not looked up again", () => {
    const { db, run } = setup()
    const users = Cached.make({
      namespace: "user",
      schema: User,
      lookupMany: db.findMany,
      lookupTimeout: 100,
      ttl: "5 minutes"
    })
    return Effect.gen(function* () {
      db.takes = 1_000
      const reading = yield* Effect.forkChild(
        Effect.forEach([1, 2], (id) => Effect.flip(users.getBatched(id)), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust(100)
      for (const error of yield* Fiber.join(reading)) assert.isTrue(Cause.isTimeoutError(error))
      assert.strictEqual(db.batches.length, 1)
    }).pipe(run)
  })
})
