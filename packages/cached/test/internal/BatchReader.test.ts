import { assert, describe, it } from "@effect/vitest"
import { Cached } from "@hexcache/cached"
import { Effect, Exit, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import { DbError, setup, silently, User, usual } from "../support/Database.ts"

const ids = (count: number) => Array.from({ length: count }, (_, id) => id)

describe("Cached: getMany", () => {
  it.effect("getMany is one read, one lookupMany for what is missing, and a write before and after it", () => {
    const { db, run, store } = setup()
    const users = Cached.make({ namespace: "user", schema: User, lookupMany: db.findMany, ttl: "5 minutes" })
    return Effect.gen(function* () {
      yield* users.get(7)
      store.asked = []
      const found = yield* users.getMany([3, 7, 1, 3, 2])
      assert.deepStrictEqual(
        [...found],
        [3, 7, 1, 2].map((id) => [id, db.user(id)])
      )
      assert.deepStrictEqual(db.batches, [[7], [3, 1, 2]])
      assert.deepStrictEqual(
        store.asked.map(({ operation }) => operation),
        ["getMany", "setMany", "setMany"]
      )
      yield* users.getMany([1, 2, 3])
      assert.strictEqual(store.asked.length, 4)
      assert.deepStrictEqual([...(yield* users.getMany([]))], [])
      assert.strictEqual(store.asked.length, 4)
    }).pipe(run)
  })

  it.effect("lookups without a lookupMany run side by side, as many as concurrency says", () => {
    const { db, run } = setup()
    const users = Cached.make({ ...usual(db), concurrency: 4 })
    return Effect.gen(function* () {
      db.takes = 10
      const reading = yield* Effect.forkChild(users.getMany(ids(10)))
      yield* TestClock.adjust(30)
      assert.strictEqual((yield* Fiber.join(reading)).size, 10)
      assert.strictEqual(db.most, 4)
    }).pipe(run)
  })

  it.effect(
    "getMany stores each value when its lookup ends, and together those that end while others are written",
    () => {
      const { db, run, store } = setup()
      const users = Cached.make({
        ...usual(db),
        lookup: (id: number) => Effect.delay(db.find(id), id === 0 ? "1 minute" : 10)
      })
      return Effect.gen(function* () {
        store.before = ({ operation }) => (operation === "set" ? Effect.sleep(5) : Effect.void)
        const reading = yield* Effect.forkChild(users.getMany(ids(10)))
        yield* TestClock.adjust(20)
        for (const id of ids(10)) assert.strictEqual(store.entryNames(id).length, id === 0 ? 0 : 1)
        // For the generations, for the first value, and for the other eight.
        assert.deepStrictEqual([store.count("set"), store.count("setMany")], [1, 2])
        yield* TestClock.adjust("1 minute")
        assert.strictEqual((yield* Fiber.join(reading)).size, 10)
      }).pipe(run)
    }
  )

  it.effect("a reader of one key of a getMany does not wait until another key is stored", () => {
    const { db, run, store } = setup()
    const users = Cached.make({
      ...usual(db),
      lookup: (id: number) => Effect.delay(db.find(id), id === 3 ? "1 minute" : id * 10)
    })
    return Effect.gen(function* () {
      store.before = ({ operation }) => (operation === "set" ? Effect.sleep("10 seconds") : Effect.void)
      const reading = yield* Effect.forkChild(users.getMany([1, 2, 3]), { startImmediately: true })
      const one = yield* Effect.forkChild(users.get(2), { startImmediately: true })
      yield* TestClock.adjust(20)
      assert.deepStrictEqual(one.pollUnsafe(), Exit.succeed(db.user(2)))
      assert.deepStrictEqual(store.entryNames(2), [])
      yield* TestClock.adjust("1 minute")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(reading)).size, 3)
      for (const id of [1, 2, 3]) assert.strictEqual(store.entryNames(id).length, 1)
    }).pipe(run)
  })

  it.effect("get and getMany share their lookups", () => {
    const { db, run } = setup()
    const users = Cached.make({ ...usual(db), lookupMany: db.findMany })
    return Effect.gen(function* () {
      db.takes = 100
      const reads = yield* Effect.forEach(
        [
          Effect.asVoid(users.get(1)),
          Effect.asVoid(users.getMany([1, 2, 3])),
          Effect.asVoid(users.getMany([3, 4, 5])),
          Effect.asVoid(users.get(5))
        ],
        (read) => Effect.forkChild(read)
      )
      yield* TestClock.adjust(100)
      yield* Fiber.joinAll(reads)
      assert.deepStrictEqual(db.lookups, [1])
      assert.deepStrictEqual(db.batches, [
        [2, 3],
        [4, 5]
      ])
    }).pipe(run)
  })

  it.effect("getMany fails when its lookup does, and a lookup that dies does not wait for the others", () => {
    const { db, run } = setup()
    const users = Cached.make({
      ...usual(db),
      lookup: (id: number) => (id === 2 ? Effect.fail(new DbError({ reason: "two" })) : db.find(id))
    })
    return Effect.gen(function* () {
      db.takes = 1_000
      const reading = yield* Effect.forkChild(Effect.flip(users.getMany([1, 2, 3])))
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(yield* Fiber.join(reading), new DbError({ reason: "two" }))
    }).pipe(run)
  })

  it.effect("stale values come at once, and are looked up together in the background", () => {
    const { db, run } = setup()
    const users = Cached.make({
      namespace: "user",
      schema: User,
      lookupMany: db.findMany,
      ttl: "5 minutes",
      staleFor: "1 hour"
    })
    return Effect.gen(function* () {
      yield* users.getMany([1, 2])
      yield* TestClock.adjust("6 minutes")
      db.takes = 100
      db.names.set(1, "new")
      const reading = yield* Effect.forkChild(users.getMany([1, 2]))
      yield* TestClock.adjust(0)
      assert.strictEqual((yield* Fiber.join(reading)).get(1)?.name, "user 1")
      yield* TestClock.adjust(100)
      assert.strictEqual((yield* users.getMany([1, 2])).get(1)?.name, "new")
      assert.deepStrictEqual(db.batches, [
        [1, 2],
        [1, 2]
      ])
    }).pipe(run)
  })

  it.effect("a key that lookupMany leaves out is none with a negativeTtl, and else a defect of get", () => {
    const { db, run } = setup()
    const even = (ids: ReadonlyArray<number>) =>
      Effect.map(db.findMany(ids), (found) => [...found].filter(([id]) => id % 2 === 0))
    const options = { namespace: "user", schema: User, lookupMany: even, ttl: "5 minutes" } as const
    return Effect.gen(function* () {
      const maybe = Cached.make({ ...options, negativeTtl: "1 minute" })
      assert.deepStrictEqual([...(yield* maybe.getMany([1, 2])).keys()], [2])
      assert.deepStrictEqual(yield* maybe.get(1), Option.none())
      assert.strictEqual(db.batches.length, 1)
      const always = Cached.make(options)
      assert.deepStrictEqual([...(yield* always.getMany([3, 4])).keys()], [4])
      assert.isTrue(Exit.isFailure(yield* Effect.exit(always.get(3))))
    }).pipe(run)
  })

  it.effect("a cache that fails in the middle of a batch loses no value", () => {
    const { db, run, store } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      yield* users.getMany([1, 2])
      for (const failing of ["getMany", "setMany", "setIfAbsent"] as const) {
        store.fails = ({ operation }) => operation === failing
        assert.strictEqual((yield* users.getMany([1, 2, 3])).size, 3)
      }
    }).pipe(run, silently)
  })

  it.effect("getMany returns keys that are objects as they were passed", () => {
    const { db, run } = setup()
    const users = Cached.make({
      ...usual(db),
      lookup: (by: { readonly id: number }) => db.find(by.id),
      key: ({ id }) => ["by id", id]
    })
    const [one, two] = [{ id: 1 }, { id: 2 }]
    return Effect.gen(function* () {
      const found = yield* users.getMany([one, two, { ...one }])
      assert.strictEqual(found.get(one)?.id, 1)
      assert.strictEqual(found.get(two)?.id, 2)
      assert.deepStrictEqual(db.lookups, [1, 2])
    }).pipe(run)
  })
})
