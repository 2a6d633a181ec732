import { assert, describe, it } from "@effect/vitest"
import { CachePort, DriverFailure, TimedOut } from "@hexcache/cache-port"
import { Cached } from "@hexcache/cached"
import { Clock, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { DbError, otherProcess, setup, silently, usual } from "../support/Database.ts"

const leased = { lease: "10 seconds" } as const

/** The names of the leases in a store. */
const leasesIn = ({ store }: ReturnType<typeof setup>) => store.names().filter((name) => name.includes(":lease:"))

describe("Cached: the end of a lease", () => {
  for (const on of ["before", "after"] as const) {
    for (const left of [1, 50, 99]) {
      it.effect(
        `a lease is free again when its reader is interrupted ${left} ms after it began, its write ${on} that`,
        () => {
          const world = setup()
          const { db, run, store } = world
          const users = Cached.make({ ...usual(db), ...leased })
          return Effect.gen(function* () {
            yield* users.get(0)
            store[on] = ({ operation }) => (operation === "setIfAbsent" ? Effect.sleep(100) : Effect.void)
            const reading = yield* Effect.forkChild(users.get(1))
            yield* TestClock.adjust(left)
            yield* Fiber.interrupt(reading)
            yield* TestClock.adjust(100)
            assert.deepStrictEqual(leasesIn(world), [])
            const next = yield* Effect.forkChild(Cached.make({ ...usual(db), ...leased }).get(1))
            yield* TestClock.adjust(200)
            assert.deepStrictEqual((yield* Fiber.join(next)).id, 1)
            assert.deepStrictEqual(leasesIn(world), [])
          }).pipe(run)
        }
      )
    }
  }

  it.effect("a lease is free again when the reply was lost", () => {
    const world = setup()
    const { db, store } = world
    const users = Cached.make({ ...usual(db), ...leased })
    const { setIfAbsent } = store.driver
    const lossy = CachePort.fromDriver({
      ...store.driver,
      setIfAbsent: (key, value, ttl) =>
        Effect.andThen(
          setIfAbsent(key, value, ttl),
          key.includes(":lease:")
            ? Effect.fail(new DriverFailure(new TimedOut({ message: "by the test" }), "Unknown"))
            : Effect.succeed(true)
        )
    })
    return Effect.gen(function* () {
      assert.strictEqual((yield* users.get(1)).id, 1)
      assert.deepStrictEqual(leasesIn(world), [])
    }).pipe(Effect.provideService(CachePort, lossy), silently)
  })
})

describe("Cached: the lease of another process", () => {
  it.effect("readers wait for a lease no longer where the wall clock is set back by an hour meanwhile", () => {
    const { db, run, store } = setup()
    const users = Cached.make({ ...usual(db), ...leased })
    return Effect.gen(function* () {
      const test = yield* Clock.Clock
      let back = 0
      const wall = { ...test, currentTimeMillisUnsafe: () => test.currentTimeMillisUnsafe() - back }
      yield* users.get(0)
      const { setIfAbsent } = store.driver
      const held = CachePort.fromDriver({
        ...store.driver,
        setIfAbsent: (key, value, ttl) =>
          key.includes(":lease:") ? Effect.succeed(false) : setIfAbsent(key, value, ttl)
      })
      const reading = yield* users
        .get(1)
        .pipe(Effect.provideService(CachePort, held), Effect.provideService(Clock.Clock, wall), Effect.forkChild)
      yield* TestClock.adjust("1 second")
      back = 3_600_000
      yield* TestClock.adjust("9 seconds")
      assert.strictEqual((yield* Fiber.join(reading)).id, 1)
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

  it.effect("readers wait for a dead owner as long as its lease, and no longer", () => {
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

  it.effect("readers do not wait for a cache that fails", () => {
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

  it.effect("a key that is invalidated while its owner looks it up is looked up again by those who wait", () => {
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
