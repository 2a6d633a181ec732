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
import { Effect, Option } from "effect"
import { MapStore } from "./support/MapStore.ts"

type GetMany = (prefix: string) => NonNullable<SyncOperations["getMany"]>

/** A store of which many keys are asked at once first, as `getMany` says. */
const setup = (namespace: string, getMany: (store: MapStore) => GetMany) => {
  const store = new MapStore()
  const fastPaths = (prefix: string): FastPaths => ({ sync: { get: () => Async, getMany: getMany(store)(prefix) } })
  const cache = CachePort.fromDriver({ ...store.driver, fastPaths }, { namespace })
  return { cache, store }
}

const answers =
  ({ entries }: MapStore): GetMany =>
  (prefix) =>
  (keys) =>
    keys.map((key) => entries.get(prefix + key)?.value)

const cannotTell = (): GetMany => () => () => Async

const fails = (): GetMany => () => () => new DriverFailure(new Unavailable({ message: "by the test" }))

describe("a store that is asked at once", () => {
  it.effect("answers getMany without being asked again", () => {
    const { cache, store } = setup("at once", answers)
    return Effect.gen(function* () {
      yield* cache.set("a", "1")
      const found = yield* cache.getMany(["b", "a"])
      assert.deepStrictEqual(Array.from(found), [
        ["b", Option.none()],
        ["a", Option.some("1")]
      ])
      assert.strictEqual(store.count("getMany"), 0)
    })
  })

  it.effect("is asked as ever where it cannot tell", () => {
    const { cache, store } = setup("later", cannotTell)
    return Effect.gen(function* () {
      yield* cache.set("a", "1")
      assert.deepStrictEqual((yield* cache.getMany(["a"])).get("a"), Option.some("1"))
      assert.strictEqual(store.count("getMany"), 1)
    })
  })

  it.effect("fails getMany with the keys as they were asked for", () => {
    const { cache } = setup("failing", fails)
    return Effect.gen(function* () {
      const error = yield* Effect.flip(cache.getMany(["a", "b"]))
      assert.strictEqual(error.reason._tag, "Unavailable")
      assert.deepStrictEqual(error.keys, ["a", "b"])
      assert.strictEqual((yield* CacheStats.of("failing")).errors, 1)
    })
  })
})

describe("a key that getMany is asked for twice", () => {
  it.effect.each([
    { name: "repeated at once", getMany: answers },
    { name: "repeated later", getMany: cannotTell }
  ])("is asked for once, and counted once: $name", ({ getMany, name }) => {
    const { cache, store } = setup(name, getMany)
    return Effect.gen(function* () {
      yield* cache.set("a", "1")
      store.asked = []
      const found = yield* cache.getMany(["b", "a", "b", "a", "a"])
      assert.deepStrictEqual(Array.from(found.keys()), ["b", "a"])
      for (const { keys } of store.asked) assert.deepStrictEqual(keys, [`${name}:b`, `${name}:a`])
      assert.deepInclude(yield* CacheStats.of(name), { hits: 1, misses: 1 })
    })
  })

  it.effect.each([
    { name: "repeated, failing at once", getMany: fails },
    { name: "repeated, failing later", getMany: cannotTell }
  ])("is named once by an error: $name", ({ getMany, name }) => {
    const { cache, store } = setup(name, getMany)
    store.fails = () => true
    return Effect.gen(function* () {
      const error = yield* Effect.flip(cache.getMany(["b", "a", "b"]))
      assert.deepStrictEqual(error.keys, ["b", "a"])
    })
  })
})
