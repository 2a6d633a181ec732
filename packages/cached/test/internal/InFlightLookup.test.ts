import { assert, describe, it } from "@effect/vitest"
import { Cached } from "@hexcache/cached"
import { Effect, Exit, Fiber, Scheduler, Scope } from "effect"
import { TestClock } from "effect/testing"
import { setup, User, usual } from "../support/Database.ts"

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

  it.effect("a lookup that lost its last reader is interrupted, and the next reader begins another", () => {
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

  it.effect("a reader who comes while the value is being written gets it", () => {
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

  it.effect("a scope that closes ends no lookup in the background of another one", () => {
    const { db, run } = setup()
    const unbound = Cached.make({ ...usual(db), staleFor: "1 hour" })
    return Effect.gen(function* () {
      const [one, other] = [yield* Scope.make(), yield* Scope.make()]
      const users = yield* Effect.provideService(unbound, Scope.Scope, one)
      yield* Effect.provideService(unbound, Scope.Scope, other)
      yield* users.get(1)
      yield* TestClock.adjust("6 minutes")
      db.takes = 100
      db.names.set(1, "new")
      yield* users.get(1)
      yield* Scope.close(other, Exit.void)
      yield* TestClock.adjust(100)
      assert.strictEqual((yield* users.get(1)).name, "new")
      assert.strictEqual(db.lookups.length, 2)
      yield* Scope.close(one, Exit.void)
    }).pipe(run)
  })

  it.effect("a lookup whose last reader leaves is interrupted, though another of its batch was left before", () => {
    const { db, run } = setup()
    let running = 0
    const users = Cached.make({
      ...usual(db),
      lookup: (id: number) =>
        Effect.suspend(() => {
          running++
          return Effect.as(Effect.sleep(id === 1 ? 100 : "1 day"), db.user(id))
        }).pipe(
          Effect.ensuring(
            Effect.sync(() => {
              running--
            })
          )
        )
    })
    return Effect.gen(function* () {
      const many = yield* Effect.forkChild(users.getMany([1, 2]))
      yield* TestClock.adjust(1)
      const one = yield* Effect.forkChild(users.get(2))
      yield* TestClock.adjust(1)
      yield* Fiber.interrupt(many)
      yield* TestClock.adjust(100)
      assert.strictEqual(running, 1)
      yield* Fiber.interrupt(one)
      yield* TestClock.adjust(0)
      assert.strictEqual(running, 0)
    }).pipe(run)
  })
})
