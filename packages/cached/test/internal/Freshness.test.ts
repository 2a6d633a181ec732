import { assert, describe, it } from "@effect/vitest"
import { Cached } from "@hexcache/cached"
import { Cause, Clock, Effect, Fiber, Option, Random, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { judge, lifeOf } from "../../src/internal/Freshness.ts"
import { type Database, DbError, setup, silently, usual } from "../support/Database.ts"

const minute = 60_000

/** Reads at this moment, and what was answered. */
const nameOf = (users: ReturnType<typeof withStale>, id: number) => Effect.map(users.get(id), ({ name }) => name)

const withStale = (db: Database) => Cached.make({ ...usual(db), staleFor: "1 hour" })

describe("Cached: freshness", () => {
  it.effect("a value is read from the cache for its time to live, and not a millisecond longer", () => {
    const { db, run, store } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      yield* users.get(1)
      yield* TestClock.adjust(5 * minute - 1)
      yield* users.get(1)
      assert.strictEqual(db.lookups.length, 1)
      // Also from a store that keeps it for longer.
      for (const [name, { value }] of store.entries) store.entries.set(name, { value, end: Infinity })
      yield* TestClock.adjust(1)
      yield* users.get(1)
      assert.strictEqual(db.lookups.length, 2)
    }).pipe(run)
  })

  it.effect("the time to live of a value begins when it was looked up, however long that took", () => {
    const { db, run } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      db.takes = "30 seconds"
      yield* Effect.forkChild(users.get(1))
      yield* TestClock.adjust("30 seconds")
      yield* TestClock.adjust(5 * minute - 1)
      yield* users.get(1)
      assert.strictEqual(db.lookups.length, 1)
    }).pipe(run)
  })

  it.effect("the store forgets an entry once it is no longer served", () => {
    const { db, run, store } = setup()
    return Effect.gen(function* () {
      yield* withStale(db).get(1)
      const [entry] = store.entryNames(1)
      assert.strictEqual(store.entries.get(entry ?? "")?.end, (yield* Clock.currentTimeMillis) + 65 * minute)
    }).pipe(run)
  })

  it.effect("a computed time to live is that of the value; zero stores nothing, and deletes the stored value", () => {
    const { db, run, store } = setup()
    const users = Cached.make({
      ...usual(db),
      ttl: ({ tags }, id) => Number(tags[0] ?? 1_000) + id,
      staleFor: "1 hour"
    })
    return Effect.gen(function* () {
      db.tags.set(1, ["2000"])
      yield* users.get(1)
      yield* users.get(0)
      yield* TestClock.adjust(1_000)
      yield* users.get(1)
      assert.deepStrictEqual(db.lookups, [1, 0])
      db.tags.set(0, ["0"])
      yield* users.get(0)
      assert.deepStrictEqual(store.entryNames(0), [])
      yield* users.get(0)
      assert.deepStrictEqual(db.lookups, [1, 0, 0, 0])
    }).pipe(run)
  })

  it.effect("jitter lets values end apart, and none later than its time to live", () => {
    const { db, run } = setup()
    const users = Cached.make({ ...usual(db), ttl: 1_000, jitter: 0.5 })
    const ids = Array.from({ length: 200 }, (_, id) => id)
    return Effect.gen(function* () {
      yield* users.getMany(ids)
      const left: Array<number> = []
      for (const millis of [499, 251, 250]) {
        yield* TestClock.adjust(millis)
        db.lookups = []
        // Each is looked at through a Cached that keeps nothing, so that the looking changes nothing.
        const looking = Cached.make({ ...usual(db), ttl: () => 0 })
        yield* looking.getMany(ids)
        left.push(200 - db.lookups.length)
      }
      assert.strictEqual(left[0], 200)
      assert.approximately(left[1] ?? 0, 100, 30)
      assert.strictEqual(left[2], 0)
    }).pipe(run, Random.withSeed("jitter"))
  })

  it.effect("a stale value is returned at once, and looked up in the background, once at a time", () => {
    const { db, run } = setup()
    const users = withStale(db)
    return Effect.gen(function* () {
      yield* users.get(1)
      yield* TestClock.adjust(5 * minute)
      db.names.set(1, "new")
      db.takes = "1 second"
      const reads = yield* Effect.all(
        Array.from({ length: 10 }, () => nameOf(users, 1)),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(new Set(reads), new Set(["user 1"]))
      assert.strictEqual(db.lookups.length, 2)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* nameOf(users, 1), "new")
      assert.strictEqual(db.lookups.length, 2)
    }).pipe(run)
  })

  it.effect("a stale value is returned while its lookup fails, and no longer than ttl and staleFor", () => {
    const { db, run } = setup()
    const users = withStale(db)
    return Effect.gen(function* () {
      yield* users.get(1)
      db.fault = Effect.fail(new DbError({ reason: "down" }))
      for (const later of [5, 30, 29]) {
        yield* TestClock.adjust(later * minute)
        assert.strictEqual(yield* nameOf(users, 1), "user 1")
      }
      yield* TestClock.adjust(minute)
      assert.deepStrictEqual(yield* Effect.flip(users.get(1)), new DbError({ reason: "down" }))
    }).pipe(run, silently)
  })

  it.effect("a read waits for a newer value as long as softLookupTimeout says, and then returns the stale one", () => {
    const { db, run } = setup()
    const users = Cached.make({ ...usual(db), staleFor: "1 hour", softLookupTimeout: 100 })
    return Effect.gen(function* () {
      yield* users.get(1)
      db.names.set(1, "new")
      for (const [takes, seen, fault] of [
        [99, "new", undefined],
        [101, "new", undefined],
        [99, "newest", Effect.fail(new DbError({ reason: "down" }))]
      ] as const) {
        yield* TestClock.adjust(5 * minute)
        db.takes = takes
        db.fault = fault
        const reading = yield* Effect.forkChild(nameOf(users, 1))
        yield* TestClock.adjust(98)
        assert.isUndefined(reading.pollUnsafe())
        yield* TestClock.adjust(2)
        assert.strictEqual(yield* Fiber.join(reading), seen === "newest" ? "newest" : seen)
        yield* TestClock.adjust(1)
        db.names.set(1, "newest")
      }
    }).pipe(run, silently)
  })

  it.effect("a read that waits for a newer value never returns the old one after its time", () => {
    const { db, run } = setup()
    const users = Cached.make({ ...usual(db), staleFor: 50, softLookupTimeout: 100 })
    return Effect.gen(function* () {
      yield* users.get(1)
      yield* TestClock.adjust(5 * minute)
      db.names.set(1, "new")
      db.takes = 80
      const reading = yield* Effect.forkChild(nameOf(users, 1))
      const many = yield* Effect.forkChild(users.getMany([1, 2]))
      yield* TestClock.adjust(50)
      assert.isUndefined(reading.pollUnsafe())
      yield* TestClock.adjust(30)
      assert.strictEqual(yield* Fiber.join(reading), "new")
      assert.strictEqual((yield* Fiber.join(many)).get(1)?.name, "new")
      assert.deepStrictEqual(db.lookups, [1, 1, 2])
    }).pipe(run)
  })

  it.effect("a value whose write is slow is shared with later readers, as long as it is fresh", () => {
    const { db, run, store } = setup()
    const users = Cached.make({ ...usual(db), ttl: 100 })
    return Effect.gen(function* () {
      yield* users.get(0)
      store.before = ({ operation }) => (operation === "set" ? Effect.sleep(1_000) : Effect.void)
      yield* users.get(1)
      yield* TestClock.adjust(99)
      yield* users.get(1)
      assert.deepStrictEqual(db.lookups, [0, 1])
      yield* TestClock.adjust(1)
      yield* users.get(1)
      assert.deepStrictEqual(db.lookups, [0, 1, 1])
    }).pipe(run)
  })

  it.effect("a lookup that takes longer than lookupTimeout is interrupted and fails", () => {
    const { db, run, store } = setup()
    const users = Cached.make({ ...usual(db), lookupTimeout: 100 })
    return Effect.gen(function* () {
      db.takes = 1_000
      const reading = yield* Effect.forkChild(Effect.flip(users.get(1)))
      yield* TestClock.adjust(99)
      assert.isUndefined(reading.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.isTrue(Cause.isTimeoutError(yield* Fiber.join(reading)))
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual(store.entryNames(1), [])
    }).pipe(run)
  })

  it.effect("absence is a result, stored for negativeTtl and not longer", () => {
    const { db, run } = setup()
    const users = Cached.make({ ...usual(db), lookup: db.findEven, staleFor: "1 hour", negativeTtl: "10 seconds" })
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* users.get(1), Option.none())
      assert.deepStrictEqual(yield* users.get(2), Option.some(db.user(2)))
      yield* TestClock.adjust(9_999)
      assert.deepStrictEqual(yield* users.get(1), Option.none())
      assert.deepStrictEqual(yield* users.getMany([1, 2]), new Map([[2, db.user(2)]]))
      assert.deepStrictEqual(db.lookups, [1, 2])
      yield* TestClock.adjust(1)
      yield* users.get(1)
      assert.deepStrictEqual(db.lookups, [1, 2, 1])
    }).pipe(run)
  })

  it.effect("a value that is gone takes the stale one with it, even where absence is not stored", () => {
    const { db, run } = setup()
    let isThere = true
    const users = Cached.make({
      ...usual(db),
      lookup: (id: number) =>
        Effect.map(
          db.find(id),
          Option.liftPredicate(() => isThere)
        ),
      staleFor: "1 hour",
      negativeTtl: 0
    })
    return Effect.gen(function* () {
      yield* users.get(1)
      yield* TestClock.adjust(5 * minute)
      isThere = false
      yield* users.get(1)
      assert.deepStrictEqual(yield* users.get(1), Option.none())
      assert.deepStrictEqual(yield* users.get(1), Option.none())
      assert.strictEqual(db.lookups.length, 4)
    }).pipe(run)
  })

  it.effect(
    "refreshAhead looks a busy key up before it is stale, so that no reader gets a stale value or waits",
    () => {
      const { db, run } = setup()
      const users = Cached.make({ ...usual(db), ttl: "1 minute", refreshAhead: 2 })
      return Effect.gen(function* () {
        db.takes = "2 seconds"
        yield* Effect.forkChild(users.get(1))
        yield* TestClock.adjust("2 seconds")
        const { misses } = yield* users.stats
        for (let step = 0; step < 400; step++) {
          yield* users.get(1)
          yield* TestClock.adjust(500)
        }
        const stats = yield* users.stats
        assert.strictEqual(stats.misses, misses)
        assert.isAtLeast(db.lookups.length, 4)
        assert.isAtMost(db.lookups.length, 7)
      }).pipe(run, Random.withSeed("ahead"))
    }
  )
})

const times = fc.record({
  ttl: fc.integer({ min: 1, max: 1e9 }),
  staleFor: fc.integer({ min: 0, max: 1e9 }),
  jitter: fc.double({ min: 0, max: 0.999, noNaN: true }),
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  took: fc.integer({ min: 0, max: 1e6 }),
  beta: fc.double({ min: 0, max: 10, noNaN: true }),
  later: fc.integer({ min: 0, max: 3e9 })
})

describe("Freshness", () => {
  it("an entry becomes stale and expires to the millisecond", () => {
    const life = lifeOf(1_000, 100, 0, 50, () => 0)
    for (const [now, expected] of [
      [1_099, "Fresh"],
      [1_100, "Stale"],
      [1_149, "Stale"],
      [1_150, "Expired"]
    ] as const) {
      assert.strictEqual(
        judge({ ...life, took: 0 }, now, 0, () => 0),
        expected
      )
    }
  })

  it("nothing is fresh after ttl, or served after ttl + staleFor; jitter takes at most its share", () => {
    fc.assert(
      fc.property(times, ({ beta, jitter, later, random, staleFor, took, ttl }) => {
        const life = lifeOf(0, ttl, jitter, staleFor, () => random)
        const freshness = judge({ ...life, took }, later, beta, () => random)
        if (later >= ttl) assert.include(["Stale", "Expired"], freshness)
        if (later >= ttl + staleFor) assert.strictEqual(freshness, "Expired")
        if (later < ttl * (1 - jitter)) assert.include(["Fresh", "Early"], freshness)
        if (beta === 0) assert.notStrictEqual(freshness, "Early")
      })
    )
  })
})

/** The steps of a scenario of one key. */
const step = fc.oneof(
  fc.record({ _tag: fc.constant("Wait" as const), millis: fc.integer({ min: 0, max: 400 }) }),
  fc.record({ _tag: fc.constant("Read" as const), isMany: fc.boolean() }),
  fc.record({ _tag: fc.constant("Change" as const) }),
  fc.record({ _tag: fc.constant("Database" as const), takes: fc.integer({ min: 0, max: 150 }), isDown: fc.boolean() }),
  fc.record({ _tag: fc.constant("Cache" as const), takes: fc.integer({ min: 0, max: 150 }), isDown: fc.boolean() })
)

const options = fc.record({
  ttl: fc.integer({ min: 1, max: 300 }),
  staleFor: fc.integer({ min: 0, max: 300 }),
  jitter: fc.double({ min: 0, max: 0.9, noNaN: true }),
  refreshAhead: fc.constantFrom(0, 1, 5),
  softLookupTimeout: fc.constantFrom(0, 20, 100)
})

describe("Cached under any sequence of reads, changes and failures", () => {
  it("no read returns a value older than ttl + staleFor, and a key is looked up once at a time", () =>
    fc.assert(
      fc.asyncProperty(options, fc.array(step, { maxLength: 40 }), fc.string(), (options, steps, seed) => {
        const { db, run, store } = setup()
        const users = Cached.make({
          ...usual(db),
          schema: Schema.Struct({ id: Schema.Int, name: Schema.String, tags: Schema.Array(Schema.String) }),
          ...options
        })
        const changes: Array<number> = [0]
        return Effect.gen(function* () {
          const reads: Array<Fiber.Fiber<void>> = []
          db.names.set(1, "0")
          const read = (isMany: boolean) =>
            Effect.gen(function* () {
              const began = yield* Clock.currentTimeMillis
              const user = yield* isMany ? Effect.map(users.getMany([1]), (found) => found.get(1)) : users.get(1)
              const version = Number(user?.name)
              // The next version was there from then on, and a lookup that missed it may have taken as long as any.
              const outdated = changes[version + 1] ?? Infinity
              const oldest = began - options.ttl - options.staleFor - 150
              assert.isAtLeast(outdated, oldest, `read version ${version} at ${began}`)
            }).pipe(Effect.catchTag("DbError", () => Effect.void))
          for (const each of steps) {
            if (each._tag === "Wait") yield* TestClock.adjust(each.millis)
            else if (each._tag === "Read") reads.push(yield* Effect.forkChild(read(each.isMany)))
            else if (each._tag === "Cache") {
              store.fails = () => each.isDown
              store.before = ({ operation }) => (operation.startsWith("set") ? Effect.sleep(each.takes) : Effect.void)
            } else if (each._tag === "Change") {
              db.names.set(1, String(changes.length))
              changes.push(yield* Clock.currentTimeMillis)
            } else {
              db.takes = each.takes
              db.fault = each.isDown ? Effect.fail(new DbError({ reason: "down" })) : undefined
            }
          }
          yield* TestClock.adjust("1 second")
          for (const reading of reads) yield* Fiber.join(reading)
          assert.isAtMost(db.most, 1)
        }).pipe(run, silently, Random.withSeed(seed), Effect.provide(TestClock.layer()), Effect.runPromise)
      }),
      { numRuns: 300 }
    ))
})
