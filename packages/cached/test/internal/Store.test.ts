import { assert, describe, it } from "@effect/vitest"
import {
  Async,
  CachePort,
  CacheStats,
  DriverFailure,
  type FastPaths,
  type SyncOperations,
  Unavailable
} from "@hexcache/cache-port"
import { MapStore } from "@hexcache/cache-port/test-support/MapStore"
import { Cached } from "@hexcache/cached"
import { Effect } from "effect"
import { Database, silently, usual } from "../support/Database.ts"

type GetMany = (prefix: string) => NonNullable<SyncOperations["getMany"]>

/** A store whose synchronous read of many keys is `getMany`. */
const setup = (namespace: string, getMany: (store: MapStore) => GetMany) => {
  const store = new MapStore()
  const fastPaths = (prefix: string): FastPaths => ({ sync: { get: () => Async, getMany: getMany(store)(prefix) } })
  const cache = CachePort.fromDriver({ ...store.driver, fastPaths }, { namespace })
  const db = new Database()
  return { cache, db, store, users: Cached.make(usual(db)), run: Effect.provideService(CachePort, cache) }
}

const answers =
  ({ entries }: MapStore): GetMany =>
  (prefix) =>
  (keys) =>
    keys.map((key) => entries.get(prefix + key)?.value)

const cannotTell = (): GetMany => () => () => Async

const fails = (): GetMany => () => () => new DriverFailure(new Unavailable({ message: "by the test" }))

describe("Cached: a store with synchronous reads", () => {
  it.effect("a hit takes one synchronous read", () => {
    const { db, run, store, users } = setup("hit at once", answers)
    return Effect.gen(function* () {
      yield* users.get(1)
      store.asked = []
      assert.strictEqual((yield* users.get(1)).name, "user 1")
      assert.deepStrictEqual(store.asked, [])
      assert.deepStrictEqual(db.lookups, [1])
    }).pipe(run)
  })

  it.effect("synchronous reads count as others do", () =>
    Effect.gen(function* () {
      for (const [namespace, getMany] of [
        ["counted at once", answers],
        ["counted later", cannotTell]
      ] as const) {
        const { run, users } = setup(namespace, getMany)
        yield* run(Effect.all([users.get(1), users.get(1), users.invalidate(1), users.get(1)]))
      }
      const later = yield* CacheStats.of("counted later")
      assert.isAbove(later.hits, 0)
      assert.deepStrictEqual(yield* CacheStats.of("counted at once"), later)
    })
  )

  it.effect("a synchronous read sees an invalidation", () => {
    const { db, run, users } = setup("invalidated at once", answers)
    return Effect.gen(function* () {
      yield* users.get(1)
      db.names.set(1, "another")
      yield* users.invalidate(1)
      assert.strictEqual((yield* users.get(1)).name, "another")
    }).pipe(run)
  })

  it.effect("a synchronous read that fails is a lookup, and no write", () => {
    const { db, run, store, users } = setup("failed at once", fails)
    return Effect.gen(function* () {
      assert.strictEqual((yield* users.get(1)).name, "user 1")
      assert.deepStrictEqual(db.lookups, [1])
      assert.deepStrictEqual(store.asked, [])
    }).pipe(silently, run)
  })

  it.effect("a key that the cache refuses is looked up", () => {
    const { run, store } = setup("refused at once", answers)
    const lengths = Cached.make({
      ...usual(new Database()),
      lookup: (name: string) => Effect.succeed({ id: name.length, name: "found", tags: [] })
    })
    return Effect.gen(function* () {
      assert.strictEqual((yield* lengths.get("\ud800")).name, "found")
      assert.deepStrictEqual(store.asked, [])
    }).pipe(silently, run)
  })
})
