/** Several `Cached` of one namespace on one cache, as two modules of a program or two views of its layers make them. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { assert, describe, it } from "@effect/vitest"
import { CachePort, intercept } from "@hexcache/cache-port"
import { Cached } from "@hexcache/cached"
import { Effect, Fiber, identity } from "effect"
import { TestClock } from "effect/testing"
import { NamespaceState } from "../../src/internal/NamespaceState.ts"
import { type DbError, setup, silently, type User, usual } from "../support/Database.ts"

/** A reader and another `Cached` of its namespace, on a cache that is away, with a lookup of the reader under way. */
const lookingUp = Effect.gen(function* () {
  const { db, store } = setup()
  store.fails = () => true
  db.takes = 100
  db.names.set(1, "old")
  const here = yield* Effect.provideService(Cached.make(usual(db)), CachePort, store.cache)
  const there = yield* Effect.provideService(Cached.make(usual(db)), CachePort, store.cache)
  const early = yield* Effect.forkChild(here.get(1))
  yield* TestClock.adjust(50)
  db.names.set(1, "new")
  db.takes = 20
  return { db, store, here, there, early }
})

type Users = Cached.Cached<number, User, User, DbError>

describe("several Cached of one namespace, on a cache that is away", () => {
  for (const name of ["invalidate", "invalidateMany", "invalidateAll", "expire", "set", "refresh"] as const) {
    it.effect(`a reader shares no lookup from before the ${name} of another one`, () =>
      Effect.gen(function* () {
        const { db, early, here, there } = yield* lookingUp
        const user = db.user(1)
        const changes = {
          invalidate: there.invalidate(1),
          invalidateMany: there.invalidateMany([1]),
          invalidateAll: there.invalidateAll,
          expire: there.expire(1),
          set: there.set(1, user),
          refresh: there.refresh(1)
        }
        const changing = yield* Effect.forkChild(changes[name])
        yield* TestClock.adjust(20)
        yield* Fiber.join(changing)
        const late = yield* Effect.forkChild(here.get(1))
        yield* TestClock.adjust(100)
        assert.strictEqual((yield* Fiber.join(early)).name, "old")
        assert.strictEqual((yield* Fiber.join(late)).name, "new")
      }).pipe(silently)
    )
  }

  it.effect("a reader by one view of the cache shares no lookup from before an invalidation by another view", () =>
    Effect.gen(function* () {
      const { db, store } = setup()
      store.fails = () => true
      db.takes = 100
      db.names.set(1, "old")
      const users = Cached.make(usual(db))
      const view = intercept(store.cache, { wrap: identity, wrapScan: identity })
      const early = yield* Effect.forkChild(Effect.provideService(users.get(1), CachePort, store.cache))
      yield* TestClock.adjust(50)
      db.names.set(1, "new")
      yield* Effect.provideService(users.invalidate(1), CachePort, view)
      const late = yield* Effect.forkChild(Effect.provideService(users.get(1), CachePort, store.cache))
      yield* TestClock.adjust(100)
      assert.strictEqual((yield* Fiber.join(early)).name, "old")
      assert.strictEqual((yield* Fiber.join(late)).name, "new")
    }).pipe(silently)
  )

  for (const [name, change] of [
    ["refresh", (there: Users) => there.refresh(1)],
    ["expire", (there: Users) => there.expire(1)]
  ] as const) {
    it.effect(
      `a reader finds nothing older in the cache than the ${name} of another one, whose write is under way`,
      () =>
        Effect.gen(function* () {
          const { db, store } = setup()
          db.names.set(1, "old")
          const options = { ...usual(db), staleFor: "1 hour" } as const
          const here = yield* Effect.provideService(Cached.make(options), CachePort, store.cache)
          const there = yield* Effect.provideService(Cached.make(options), CachePort, store.cache)
          yield* here.get(1)
          db.names.set(1, "new")
          store.before = ({ operation }) => (operation === "set" ? Effect.sleep(100) : Effect.void)
          const changing = yield* Effect.forkChild(change(there))
          yield* TestClock.adjust(10)
          assert.strictEqual((yield* here.get(1)).name, "new")
          yield* TestClock.adjust("1 minute")
          yield* Fiber.join(changing)
        }).pipe(silently)
    )
  }

  it.effect(
    "no reader finds the value of an older refresh once a newer one has returned, whichever is stored last",
    () =>
      Effect.gen(function* () {
        const { db, store } = setup()
        const here = yield* Effect.provideService(Cached.make(usual(db)), CachePort, store.cache)
        const there = yield* Effect.provideService(Cached.make(usual(db)), CachePort, store.cache)
        db.names.set(1, "old")
        db.takes = 100
        const older = yield* Effect.forkChild(here.refresh(1))
        yield* TestClock.adjust(50)
        db.names.set(1, "new")
        db.takes = 10
        const newer = yield* Effect.forkChild(there.refresh(1))
        yield* TestClock.adjust(20)
        assert.strictEqual((yield* Fiber.join(newer)).name, "new")
        yield* TestClock.adjust(100)
        assert.strictEqual((yield* Fiber.join(older)).name, "old")
        for (const users of [here, there]) {
          const reading = yield* Effect.forkChild(users.get(1))
          yield* TestClock.adjust(20)
          assert.strictEqual((yield* Fiber.join(reading)).name, "new")
        }
      }).pipe(silently)
  )

  it.effect("a lookup of another key, or of another namespace, is shared as before", () =>
    Effect.gen(function* () {
      const { db, here, there, early, store } = yield* lookingUp
      const others = yield* Effect.provideService(
        Cached.make({ ...usual(db), namespace: "other" }),
        CachePort,
        store.cache
      )
      yield* there.invalidate(2)
      yield* others.invalidate(1)
      const late = yield* Effect.forkChild(here.get(1))
      yield* TestClock.adjust(100)
      assert.strictEqual((yield* Fiber.join(early)).name, "old")
      assert.strictEqual((yield* Fiber.join(late)).name, "old")
      assert.deepStrictEqual(db.lookups, [1])
    }).pipe(silently)
  )
})

describe("the state of a namespace", () => {
  it("keeps no Cached in memory, and is needed while there is one", async () => {
    const state = new NamespaceState()
    let outdated = 0
    const lookups = () => ({ outdate: () => void outdated++ })
    const kept = lookups()
    state.add(kept)
    for (let made = 0; made < 1_000; made++) state.add(lookups())
    await collectGarbage()
    state.outdate(undefined)
    assert.strictEqual(outdated, 1)
    assert.isTrue(state.isNeeded)
    assert.isDefined(kept)
    assert.isFalse(new NamespaceState().isNeeded)
  })
})

/** Collects what is weakly held, too, which the turn that made it still sees. */
const collectGarbage = async (): Promise<void> => {
  setFlagsFromString("--expose-gc")
  const collect: () => void = runInNewContext("gc")
  await new Promise((resolve) => setImmediate(resolve))
  collect()
}
