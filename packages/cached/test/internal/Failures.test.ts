import { assert, describe, it } from "@effect/vitest"
import { Cached } from "@hexcache/cached"
import { Cause, Clock, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { Failures } from "../../src/internal/Failures.ts"
import { DbError, setup, silently, type User, usual } from "../support/Database.ts"

const down = new DbError({ reason: "down" })

describe("Cached: the rest after a failed lookup", () => {
  it.effect("a stale key is looked up once in 10 seconds at a failing source, however often it is read", () => {
    const { db, run } = setup()
    const users = Cached.make({ ...usual(db), staleFor: "1 hour" })
    return Effect.gen(function* () {
      yield* users.get(1)
      yield* TestClock.adjust("6 minutes")
      db.fault = Effect.fail(down)
      for (let read = 0; read < 1_000; read++) {
        assert.strictEqual((yield* users.get(1)).name, "user 1")
        assert.strictEqual((yield* users.getMany([1])).size, 1)
        if (read % 100 === 99) yield* TestClock.adjust("1 second")
      }
      assert.strictEqual(db.lookups.length, 2)
      db.fault = undefined
      db.names.set(1, "new")
      yield* users.get(1)
      assert.strictEqual((yield* users.get(1)).name, "new")
    }).pipe(run, silently)
  })

  it.effect("a stale value is returned at once during the rest, also with a softLookupTimeout", () => {
    const { db, run } = setup()
    const users = Cached.make({
      ...usual(db),
      staleFor: "1 hour",
      softLookupTimeout: "1 minute",
      retryAfter: "5 minutes"
    })
    return Effect.gen(function* () {
      yield* users.get(1)
      yield* TestClock.adjust("6 minutes")
      db.fault = Effect.fail(down)
      yield* users.get(1)
      db.takes = "30 seconds"
      assert.strictEqual((yield* users.get(1)).name, "user 1")
      assert.strictEqual((yield* users.getMany([1])).get(1)?.name, "user 1")
      assert.strictEqual(db.lookups.length, 2)
    }).pipe(run, silently)
  })

  for (const [what, change] of [
    ["invalidated", (users: Cached.Cached<number, User, User, DbError>) => users.invalidate(1)],
    ["refreshed", (users: Cached.Cached<number, User, User, DbError>) => Effect.ignore(users.refresh(1))]
  ] as const) {
    it.effect(`the rest is over when the key is ${what}`, () => {
      const { db, run } = setup()
      return Effect.gen(function* () {
        const users = yield* Cached.make({
          ...usual(db),
          staleFor: "1 hour",
          retryAfter: "1 hour",
          failureTtl: "1 hour"
        })
        yield* users.get(1)
        yield* TestClock.adjust("6 minutes")
        db.fault = Effect.fail(down)
        yield* users.get(1)
        db.fault = undefined
        db.names.set(1, "new")
        yield* change(users)
        assert.strictEqual((yield* users.get(1)).name, "new")
      }).pipe(run, silently)
    })
  }

  it.effect("the rest holds for refreshAhead as well, and not for other keys", () => {
    const { db, run } = setup()
    const users = Cached.make({ ...usual(db), refreshAhead: 1e12 })
    return Effect.gen(function* () {
      db.takes = 1
      const first = yield* Effect.forkChild(users.getMany([1, 2]))
      yield* TestClock.adjust(100)
      yield* Fiber.join(first)
      db.takes = 0
      db.fault = Effect.fail(down)
      for (let read = 0; read < 100; read++) yield* users.get(1)
      for (let read = 0; read < 100; read++) yield* users.get(2)
      assert.deepStrictEqual(db.lookups, [1, 2, 1, 2])
    }).pipe(run, silently)
  })

  it.effect("every read looks up with a retryAfter of zero", () => {
    const { db, run } = setup()
    const users = Cached.make({ ...usual(db), staleFor: "1 hour", retryAfter: 0 })
    return Effect.gen(function* () {
      yield* users.get(1)
      yield* TestClock.adjust("6 minutes")
      db.fault = Effect.fail(down)
      for (let read = 0; read < 5; read++) yield* users.get(1)
      assert.strictEqual(db.lookups.length, 6)
    }).pipe(run, silently)
  })
})

describe("Cached: failureTtl", () => {
  it.effect("reads that find no value fail as the last lookup did, for the failureTtl and no longer", () => {
    const { db, run } = setup()
    const users = Cached.make({ ...usual(db), failureTtl: "5 seconds" })
    return Effect.gen(function* () {
      db.fault = Effect.fail(down)
      for (let read = 0; read < 100; read++) {
        assert.deepStrictEqual(yield* Effect.flip(users.get(1)), down)
        assert.deepStrictEqual(yield* Effect.flip(users.getMany([1])), down)
        assert.deepStrictEqual(yield* Effect.flip(users.getBatched(1)), down)
      }
      assert.strictEqual(db.lookups.length, 1)
      yield* TestClock.adjust("5 seconds")
      db.fault = undefined
      assert.strictEqual((yield* users.get(1)).id, 1)
    }).pipe(run, silently)
  })

  it.effect("every read looks up without a failureTtl", () => {
    const { db, run } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      db.fault = Effect.fail(down)
      for (let read = 0; read < 5; read++) yield* Effect.flip(users.get(1))
      assert.strictEqual(db.lookups.length, 5)
    }).pipe(run, silently)
  })

  it.effect("an invalidation of a tag ends it, also one by another Cached", () => {
    const { db, run } = setup()
    const users = Cached.make({ ...usual(db), failureTtl: "1 hour", tags: ({ id }) => [`user ${id}`] })
    return Effect.gen(function* () {
      db.fault = Effect.fail(down)
      assert.deepStrictEqual(yield* Effect.flip(users.get(1)), down)
      db.fault = undefined
      assert.deepStrictEqual(yield* Effect.flip(users.get(1)), down)
      yield* Cached.invalidateTag("user 1")
      assert.strictEqual((yield* users.get(1)).id, 1)
    }).pipe(run, silently)
  })

  it.effect("no read repeats a defect", () => {
    const { db, run } = setup()
    const users = Cached.make({ ...usual(db), failureTtl: "1 minute" })
    return Effect.gen(function* () {
      db.fault = Effect.die("bug")
      assert.isTrue(Exit.isFailure(yield* Effect.exit(users.get(1))))
      db.fault = undefined
      assert.strictEqual((yield* users.get(1)).id, 1)
    }).pipe(run, silently)
  })
})

describe("Cached: a clock that is set", () => {
  /** The clock of a test, whose wall clock is set back by so many milliseconds. */
  const wall = Effect.map(Clock.Clock, (test) => {
    const set = { back: 0 }
    const currentTimeMillisUnsafe = () => test.currentTimeMillisUnsafe() - set.back
    const currentTimeMillis = Effect.sync(currentTimeMillisUnsafe)
    return { set, clock: { ...test, currentTimeMillisUnsafe, currentTimeMillis } }
  })

  it.effect("reads fail as the last lookup did for no longer where the wall clock is set back by an hour", () => {
    const { db, run } = setup()
    const users = Cached.make({ ...usual(db), failureTtl: "5 seconds" })
    return Effect.gen(function* () {
      const { clock, set } = yield* wall
      const read = users.get(1).pipe(Effect.provideService(Clock.Clock, clock))
      db.fault = Effect.fail(down)
      assert.deepStrictEqual(yield* Effect.flip(read), down)
      db.fault = undefined
      set.back = 3_600_000
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* read).id, 1)
    }).pipe(run, silently)
  })

  it.effect(
    "a read waits for a lookup in the background for no longer where the wall clock is set back by a minute",
    () => {
      const { db, run, store } = setup()
      const users = Cached.make({ ...usual(db), staleFor: 1 })
      return Effect.gen(function* () {
        const { clock, set } = yield* wall
        const read = users.get(1).pipe(Effect.provideService(Clock.Clock, clock))
        yield* read
        yield* TestClock.adjust("5 minutes")
        db.takes = "1 day"
        yield* read
        for (const name of store.entryNames(1)) store.entries.delete(name)
        yield* TestClock.adjust(1)
        set.back = 60_000
        const reading = yield* Effect.forkChild(read)
        yield* TestClock.adjust(500)
        db.takes = 0
        yield* TestClock.adjust("1 second")
        assert.strictEqual(
          (reading.pollUnsafe() === undefined ? assert.fail("The read waits.") : yield* Fiber.join(reading)).id,
          1
        )
      }).pipe(run, silently)
    }
  )
})

describe("Failures", () => {
  it("the number of failures is bounded, and the oldest is forgotten first", () => {
    const failures = new Failures<string>({ retryAfter: 1_000, failureTtl: 0 })
    for (let key = 0; key < 100_000; key++) failures.add(String(key), Cause.fail("down"), key)
    const resting = Array.from({ length: 100_000 }, (_, key) => failures.isResting(String(key), key))
    const remembered = resting.filter((isResting) => isResting).length
    assert.isAtLeast(remembered, 10_000)
    assert.isAtMost(remembered, 20_000)
    assert.strictEqual(resting.lastIndexOf(false), 99_999 - remembered)
  })
})
