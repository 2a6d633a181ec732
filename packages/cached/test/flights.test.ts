import { assert, describe, it } from "@effect/vitest"
import { Cached } from "@hexcache/cached"
import { Effect, Exit, Fiber, Option, Request, RequestResolver, Scheduler, Scope } from "effect"
import { TestClock } from "effect/testing"
import { DbError, otherProcess, setup, silently, User, usual } from "./support/Database.ts"

const ids = (count: number) => Array.from({ length: count }, (_, id) => id)

describe("Cached: single flight", () => {
  it.effect("1,000 readers of a cold key at the same time cost one lookup", () => {
    const { db, run, store } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      db.takes = 10
      store.after = ({ keys }) => Effect.sleep(keys.length % 3)
      const reads = ids(1_000).map((index) => Effect.delay(users.get(1), index % 20))
      const reading = yield* Effect.forkChild(Effect.all(reads, { concurrency: "unbounded" }))
      yield* TestClock.adjust(100)
      assert.strictEqual(new Set((yield* Fiber.join(reading)).map(({ name }) => name)).size, 1)
      assert.strictEqual(db.lookups.length, 1)
    }).pipe(run)
  })

  it.effect("interrupting one reader fails no other, not even that who came first", () => {
    const { db, run } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      db.takes = 100
      const first = yield* Effect.forkChild(users.get(1))
      yield* TestClock.adjust(10)
      const others = yield* Effect.forkChild(Effect.all([users.get(1), users.getMany([1])], { concurrency: 2 }))
      yield* TestClock.adjust(10)
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust(80)
      assert.strictEqual((yield* Fiber.join(others))[0].name, "user 1")
      assert.strictEqual(db.lookups.length, 1)
    }).pipe(run)
  })

  it.effect("a lookup that nobody waits for any more is interrupted, and the next reader begins another", () => {
    const { run, store } = setup()
    let interrupted = 0
    let lookups = 0
    const users = Cached.make({
      namespace: "user",
      schema: User,
      lookup: (id: number) =>
        Effect.suspend(() => Effect.delay(Effect.succeed({ id, name: `${++lookups}`, tags: [] }), 100)).pipe(
          Effect.onInterrupt(() => Effect.sync(() => interrupted++))
        ),
      ttl: "1 minute"
    })
    return Effect.gen(function* () {
      const readers = yield* Effect.forEach([users.get(1), users.get(1), users.getMany([1, 2])], (read) =>
        Effect.forkChild(read)
      )
      yield* TestClock.adjust(50)
      yield* Fiber.interruptAll(readers)
      assert.strictEqual(interrupted, 2)
      const after = yield* Effect.forkChild(users.get(1))
      yield* TestClock.adjust(100)
      assert.strictEqual((yield* Fiber.join(after)).name, "3")
      assert.strictEqual(store.entryNames(2).length, 0)
    }).pipe(run)
  })

  it.effect("an invalidation between the beginning of a lookup and the wait for it interrupts nobody", () => {
    const { db, run } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      yield* users.get(0)
      db.takes = 10
      for (let id = 8; id < 60; id++) {
        // Lets others run after so many steps, wherever that is.
        const reading = yield* Effect.forkChild(Effect.provideService(users.get(id), Scheduler.MaxOpsBeforeYield, id), {
          startImmediately: true
        })
        yield* users.invalidate(id)
        while (reading.pollUnsafe() === undefined) yield* TestClock.adjust(20)
        assert.strictEqual((yield* Fiber.join(reading)).id, id)
      }
    }).pipe(run)
  })

  it.effect("a reader who comes at the moment in which the last one leaves is not interrupted with them", () => {
    const { db, run } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      yield* users.get(0)
      db.takes = 10
      for (let id = 8; id < 60; id++) {
        const leaving = yield* Effect.forkChild(users.get(id), { startImmediately: true })
        const coming = yield* Effect.forkChild(
          Effect.provideService(users.get(id), Scheduler.MaxOpsBeforeYield, id - 4),
          { startImmediately: true }
        )
        yield* Fiber.interrupt(leaving)
        while (coming.pollUnsafe() === undefined) yield* TestClock.adjust(20)
        assert.strictEqual((yield* Fiber.join(coming)).id, id)
      }
    }).pipe(run)
  })

  it.effect("the scope that a Cached is made in ends its lookups in the background, and waits for its writes", () => {
    const { db, run, store } = setup()
    return Effect.gen(function* () {
      const scope = yield* Scope.make()
      const users = yield* Effect.provideService(Cached.make({ ...usual(db), staleFor: "1 hour" }), Scope.Scope, scope)
      yield* users.get(1)
      yield* TestClock.adjust("6 minutes")
      db.takes = "1 day"
      yield* users.get(1)
      db.takes = 0
      store.before = ({ operation }) => (operation === "set" ? Effect.sleep(100) : Effect.void)
      yield* users.get(2)
      assert.strictEqual(db.running, 1)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* TestClock.adjust(99)
      assert.strictEqual(db.running, 0)
      assert.isUndefined(closing.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.isDefined(closing.pollUnsafe())
    }).pipe(run)
  })

  it.effect("a refresh in the background goes on when the reader who began it is interrupted", () => {
    const { db, run } = setup()
    const users = Cached.make({ ...usual(db), staleFor: "1 hour", softLookupTimeout: 50 })
    return Effect.gen(function* () {
      yield* users.get(1)
      yield* TestClock.adjust("6 minutes")
      db.takes = 100
      db.names.set(1, "new")
      const reader = yield* Effect.forkChild(users.get(1))
      yield* TestClock.adjust(10)
      yield* Fiber.interrupt(reader)
      yield* TestClock.adjust(90)
      assert.strictEqual((yield* users.get(1)).name, "new")
      assert.strictEqual(db.lookups.length, 2)
    }).pipe(run)
  })

  it.effect("a reader who comes while the value is being written is given it", () => {
    const { db, run, store } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      yield* users.get(0)
      store.before = ({ operation }) => (operation === "set" ? Effect.sleep(100) : Effect.void)
      yield* users.get(1)
      yield* users.get(1)
      assert.deepStrictEqual(db.lookups, [0, 1])
    }).pipe(run)
  })
})

describe("Cached: many", () => {
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

  it.effect("without a lookupMany lookups run side by side, as many as concurrency says", () => {
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

  it.effect("getMany keeps each value as it comes, and together those that come while others are written", () => {
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

  it.effect("keys that are objects come back as they were asked for", () => {
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

describe("Cached: requests", () => {
  it.effect("a lookup made of requests is batched by their resolver", () => {
    const { db, run } = setup()
    class GetUser extends Request.TaggedClass("GetUser")<{ readonly id: number }, User, DbError> {}
    const resolver = RequestResolver.make<GetUser>((entries) =>
      Effect.matchCause(db.findMany(entries.map(({ request }) => request.id)), {
        onFailure: (cause) => {
          for (const entry of entries) entry.completeUnsafe(Exit.failCause(cause))
        },
        onSuccess: (found) => {
          for (const entry of entries) entry.completeUnsafe(Exit.succeed(found.get(entry.request.id) as User))
        }
      })
    )
    const users = Cached.make({ ...usual(db), lookup: (id: number) => Effect.request(new GetUser({ id }), resolver) })
    return Effect.gen(function* () {
      yield* users.getMany([1, 2, 3])
      yield* Effect.forEach([4, 5, 6], users.get, { concurrency: "unbounded" })
      assert.deepStrictEqual(db.batches, [
        [1, 2, 3],
        [4, 5, 6]
      ])
    }).pipe(run)
  })

  it.effect("batched gets of the same moment are one getMany", () => {
    const { db, run, store } = setup()
    const users = Cached.make({ namespace: "user", schema: User, lookupMany: db.findMany, ttl: "5 minutes" })
    return Effect.gen(function* () {
      yield* users.get(2)
      store.asked = []
      const found = yield* Effect.forEach([1, 2, 3, 1], users.getBatched, { concurrency: "unbounded" })
      assert.deepStrictEqual(
        found,
        [1, 2, 3, 1].map((id) => db.user(id))
      )
      assert.deepStrictEqual(db.batches, [[2], [1, 3]])
      assert.strictEqual(store.asked.length, 3)
      db.fault = Effect.fail(new DbError({ reason: "down" }))
      assert.deepStrictEqual(yield* Effect.flip(users.getBatched(9)), new DbError({ reason: "down" }))
    }).pipe(run)
  })
})

describe("Cached: lease", () => {
  const leased = { lease: "1 second" } as const

  it.effect("two processes cost one lookup", () => {
    const { db, run } = setup()
    const views = [Cached.make({ ...usual(db), ...leased }), Cached.make({ ...usual(db), ...leased })]
    return Effect.gen(function* () {
      db.takes = 200
      const reading = yield* Effect.forkChild(
        Effect.forEach(views, (users) => users.get(1), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust(300)
      assert.strictEqual((yield* Fiber.join(reading)).length, 2)
      assert.strictEqual(db.lookups.length, 1)
    }).pipe(run)
  })

  it.effect("an owner that dies is waited for as long as its lease, and no longer", () => {
    const { db, run, store } = setup()
    const users = Cached.make({ ...usual(db), ...leased })
    return Effect.gen(function* () {
      yield* users.get(0)
      const [name = ""] = store.entryNames(0)
      store.entries.set(name.replace("user:", "user:lease:").replace("{:0}", "1"), { value: "dead", end: Infinity })
      const reading = yield* Effect.forkChild(users.get(1))
      yield* TestClock.adjust(999)
      assert.isUndefined(reading.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* Fiber.join(reading)).id, 1)
      assert.deepStrictEqual(db.lookups, [0, 1])
    }).pipe(run)
  })

  it.effect("an owner whose lookup fails gives its lease to another at once", () => {
    const { db, run } = setup()
    const views = [Cached.make({ ...usual(db), ...leased }), Cached.make({ ...usual(db), ...leased })]
    return Effect.gen(function* () {
      db.takes = 100
      db.fault = Effect.fail(new DbError({ reason: "down" }))
      const reading = yield* Effect.forkChild(
        Effect.forEach(views, (users) => Effect.exit(users.get(1)), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust(100)
      db.fault = undefined
      yield* TestClock.adjust(200)
      const [first, second] = yield* Fiber.join(reading)
      assert.isTrue(first !== undefined && Exit.isFailure(first))
      assert.isTrue(second !== undefined && Exit.isSuccess(second))
    }).pipe(run)
  })

  it.effect("a cache that fails is not waited for", () => {
    const { db, run, store } = setup()
    const users = Cached.make({ ...usual(db), ...leased })
    return Effect.gen(function* () {
      for (const failing of ["getMany", "setIfAbsent", "compareAndDelete"] as const) {
        store.fails = ({ operation }) => operation === failing
        yield* users.get(store.count("getMany"))
      }
      assert.strictEqual(db.lookups.length, 3)
    }).pipe(run, silently)
  })

  it.effect("what is invalidated while its owner looks it up is looked up again by who waits", () => {
    const { db, run } = setup()
    const views = [Cached.make({ ...usual(db), ...leased }), Cached.make({ ...usual(db), ...leased })]
    return Effect.gen(function* () {
      db.takes = 100
      const owner = yield* Effect.forkChild((views[0] ?? otherProcess(db)).get(1))
      yield* TestClock.adjust(50)
      db.names.set(1, "new")
      yield* otherProcess(db).invalidate(1)
      const waiting = yield* Effect.forkChild((views[1] ?? otherProcess(db)).get(1))
      yield* TestClock.adjust(300)
      assert.strictEqual((yield* Fiber.join(owner)).name, "user 1")
      assert.strictEqual((yield* Fiber.join(waiting)).name, "new")
    }).pipe(run)
  })
})
