import { assert, describe, it } from "@effect/vitest"
import { Cached } from "@hexcache/cached"
import { Cause, Effect, Exit, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import { type Database, DbError, setup, User, usual } from "../support/Database.ts"
import { setupProcesses } from "../support/processes.ts"

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

describe("Cached: keys that are looked up one by one by several runs", () => {
  /** Runs of lookups that take so long, in their order, of values that can be served for an hour and are looked up anew at once. */
  const makeSlow = (db: Database, takes: Record<number, Array<number>>) =>
    Cached.make({
      ...usual(db),
      ttl: 5,
      staleFor: "1 hour",
      lookup: (id: number) =>
        Effect.flatMap(db.find(id), (user) => Effect.delay(Effect.succeed(user), takes[id]?.shift() ?? 0))
    })

  it.effect("the runs write each key in the order of their values, and neither waits for the other for ever", () => {
    const { db, here, store, there } = setupProcesses()
    const users = makeSlow(db, { 1: [10], 2: [20, 10], 3: [50, 15] })
    return Effect.gen(function* () {
      store.before = ({ operation }) => (operation === "set" ? Effect.sleep("10 seconds") : Effect.void)
      const first = yield* Effect.forkChild(here(users.getMany([1, 2, 3])), { startImmediately: true })
      yield* TestClock.adjust(30)
      // The value of 2 waits for the write of 1, and the lookup of 3 is under way.
      for (const id of [2, 3]) db.names.set(id, "new")
      yield* there(users.invalidate(3))
      const second = yield* Effect.forkChild(here(users.getMany([2, 3])), { startImmediately: true })
      yield* TestClock.adjust(20)
      for (let seconds = 0; seconds < 40; seconds++) yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(
        Array.from((yield* Fiber.join(first)).values(), ({ name }) => name),
        ["user 1", "user 2", "user 3"]
      )
      assert.deepStrictEqual(
        Array.from((yield* Fiber.join(second)).values(), ({ name }) => name),
        ["new", "new"]
      )
      for (const id of [2, 3]) {
        const kept = yield* there(users.getOption(id))
        assert.strictEqual(Option.getOrThrow(kept).name, "new")
      }
    })
  })

  it.effect("a value follows the write of its key by another run, which ends later than the writes of its own", () => {
    const { db, here, store, there } = setupProcesses()
    const users = makeSlow(db, { 1: [10, 10], 2: [10, 15], 3: [60_000], 4: [60_000] })
    return Effect.gen(function* () {
      store.before = ({ keys: [key = ""], operation }) =>
        operation === "set" ? Effect.sleep(key.endsWith(":{:2}") ? "1 minute" : "10 seconds") : Effect.void
      const others = [
        yield* Effect.forkChild(here(users.getMany([2, 3])), { startImmediately: true }),
        yield* Effect.forkChild(here(users.getMany([1, 4])), { startImmediately: true })
      ]
      yield* TestClock.adjust(30)
      db.names.set(2, "new")
      const last = yield* Effect.forkChild(here(users.getMany([1, 2])), { startImmediately: true })
      yield* TestClock.adjust(20)
      for (let seconds = 0; seconds < 200; seconds += 10) yield* TestClock.adjust("10 seconds")
      for (const each of [...others, last]) yield* Fiber.join(each)
      assert.strictEqual(Option.getOrThrow(yield* there(users.getOption(2))).name, "new")
    })
  })
})
