import { assert, describe, it } from "@effect/vitest"
import { CachePort, DriverFailure, TimedOut } from "@hexcache/cache-port"
import { Cached } from "@hexcache/cached"
import { Clock, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { setup, silently, usual } from "./support/Database.ts"

const leased = { lease: "10 seconds" } as const

/** The names of the leases in a store. */
const leasesIn = ({ store }: ReturnType<typeof setup>) => store.names().filter((name) => name.includes(":lease:"))

describe("Cached: a lease that its reader gives up", () => {
  for (const on of ["before", "after"] as const) {
    for (const left of [1, 50, 99]) {
      it.effect(
        `is free again when the reader is interrupted ${left} ms after asking for it, its write ${on} that`,
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

  it.effect("is free again when its answer was lost", () => {
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

describe("Cached: a lease that another process holds", () => {
  it.effect("is waited for no longer where the wall clock is set back by an hour meanwhile", () => {
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
