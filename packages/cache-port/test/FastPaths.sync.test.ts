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

/** A store whose synchronous read of many keys is `getMany`. */
const setup = (namespace: string, getMany: (store: MapStore) => GetMany) => {
  const store = new MapStore()
  const fastPaths = (prefix: string): FastPaths => ({ sync: { get: () => Async, getMany: getMany(store)(prefix) } })
  const cache = CachePort.fromDriver({ ...store.driver, fastPaths }, { namespace })
  return { cache, store }
}

const reads =
  ({ entries }: MapStore): GetMany =>
  (prefix) =>
  (keys) =>
    keys.map((key) => entries.get(prefix + key)?.value)

const returnsAsync = (): GetMany => () => () => Async

const fails = (): GetMany => () => () => new DriverFailure(new Unavailable({ message: "by the test" }))

describe("SyncOperations", () => {
  it.effect("A synchronous result of getMany costs no other call", () => {
    const { cache, store } = setup("at once", reads)
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

  it.effect("The port calls the usual operation where the synchronous one returns Async", () => {
    const { cache, store } = setup("later", returnsAsync)
    return Effect.gen(function* () {
      yield* cache.set("a", "1")
      assert.deepStrictEqual((yield* cache.getMany(["a"])).get("a"), Option.some("1"))
      assert.strictEqual(store.count("getMany"), 1)
    })
  })

  it.effect("A synchronous failure of getMany has the keys of the caller", () => {
    const { cache } = setup("failing", fails)
    return Effect.gen(function* () {
      const error = yield* Effect.flip(cache.getMany(["a", "b"]))
      assert.strictEqual(error.reason._tag, "Unavailable")
      assert.deepStrictEqual(error.keys, ["a", "b"])
      assert.strictEqual((yield* CacheStats.of("failing")).errors, 1)
    })
  })
})

describe("A repeated key of getMany", () => {
  it.effect.each([
    { name: "repeated at once", getMany: reads },
    { name: "repeated later", getMany: returnsAsync }
  ])("A repeated key is read and counted once: $name", ({ getMany, name }) => {
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
    { name: "repeated, failing later", getMany: returnsAsync }
  ])("An error names a repeated key once: $name", ({ getMany, name }) => {
    const { cache, store } = setup(name, getMany)
    store.fails = () => true
    return Effect.gen(function* () {
      const error = yield* Effect.flip(cache.getMany(["b", "a", "b"]))
      assert.deepStrictEqual(error.keys, ["b", "a"])
    })
  })
})
