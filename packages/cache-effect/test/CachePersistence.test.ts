import { assert, describe, it } from "@effect/vitest"
import { FailOpen } from "@hexcache/cache-layers"
import { CacheMemory } from "@hexcache/cache-memory"
import { CachePort } from "@hexcache/cache-port"
import { Duration, Effect, Layer } from "effect"
import { Persistence } from "effect/persistence"
import { TestClock } from "effect/testing"
import { CachePersistence } from "../src/index.ts"
import { LengthOf, remembered } from "./support/remembered.ts"

const store = (storeId: string) => Effect.flatMap(Persistence.BackingPersistence, ({ make }) => make(storeId))

const onMemory = (options: CacheMemory.CacheMemoryOptions = {}) =>
  Layer.provideMerge(
    Layer.merge(CachePersistence.layer, CachePersistence.layerBacking),
    Layer.orDie(CacheMemory.layer(options))
  )

describe("PersistedCache on a cache", () => {
  it.effect("another process finds the result, without a lookup", () =>
    Effect.gen(function* () {
      const first = yield* remembered()
      const second = yield* remembered()
      assert.deepStrictEqual(yield* first.get("Ada"), { length: 3 })
      assert.deepStrictEqual(yield* second.get("Ada"), { length: 3 })
      assert.strictEqual(first.seen.lookups, 1)
      assert.strictEqual(second.seen.lookups, 0)
    }).pipe(Effect.provide(onMemory()))
  )

  it.effect("a result is looked up again when its time to live is over", () =>
    Effect.gen(function* () {
      yield* Effect.flatMap(remembered(), ({ get }) => get("Ada"))
      yield* TestClock.adjust("299 seconds")
      const early = yield* remembered()
      yield* early.get("Ada")
      assert.strictEqual(early.seen.lookups, 0)
      yield* TestClock.adjust("1 second")
      const late = yield* remembered()
      yield* late.get("Ada")
      assert.strictEqual(late.seen.lookups, 1)
    }).pipe(Effect.provide(onMemory()))
  )

  it.effect("an invalidated result is looked up again", () =>
    Effect.gen(function* () {
      const { get, invalidate, seen } = yield* remembered()
      yield* get("Ada")
      yield* invalidate(new LengthOf({ name: "Ada" }))
      yield* get("Ada")
      assert.strictEqual(seen.lookups, 2)
    }).pipe(Effect.provide(onMemory()))
  )

  it.effect("any key is a key: empty, __proto__, glob characters, colons", () =>
    Effect.gen(function* () {
      const names = ["", "__proto__", "constructor", "*", "[a-c]", "a:b", "%3A", "日本", "a b\r\n\0"]
      const first = yield* remembered()
      const second = yield* remembered()
      for (const name of names) yield* first.get(name)
      for (const name of names) assert.deepStrictEqual(yield* second.get(name), { length: name.length })
      assert.strictEqual(second.seen.lookups, 0)
    }).pipe(Effect.provide(onMemory()))
  )

  it.effect("what the cache cannot take or read is looked up: a key or a value refused, text that is no JSON", () =>
    Effect.gen(function* () {
      const cache = yield* CachePort
      const tooLong = "x".repeat(65_536)
      const names = ["Ada", "unpaired \ud800", tooLong]
      yield* cache.set("persistence:lengths:text", "{")
      yield* cache.set("persistence:lengths:none", "0")
      const { get, seen } = yield* remembered()
      for (const name of [...names, "text", "none"]) assert.deepStrictEqual(yield* get(name), { length: name.length })
      assert.strictEqual(seen.lookups, 5)
    }).pipe(Effect.provide(onMemory({ maxValueBytes: 10 })))
  )
})

describe("layerBacking", () => {
  it.effect(
    "getMany answers in the order of the keys, a repeated key each time, absent and unreadable ones undefined",
    () =>
      Effect.gen(function* () {
        const cache = yield* CachePort
        const { getMany, set } = yield* store("orders")
        yield* set("b", { of: "b" }, undefined)
        yield* set("__proto__", { of: "proto" }, undefined)
        yield* cache.set("persistence:orders:broken", "{")
        assert.deepStrictEqual(yield* getMany(["b", "absent", "__proto__", "broken", "b"]), [
          { of: "b" },
          undefined,
          { of: "proto" },
          undefined,
          { of: "b" }
        ])
      }).pipe(Effect.provide(onMemory()))
  )

  it.effect("setMany gives each entry its own time to live, and the last of a repeated key wins", () =>
    Effect.gen(function* () {
      const { get, setMany } = yield* store("orders")
      yield* setMany([
        ["b", { of: "b" }, Duration.seconds(2)],
        ["a", { version: 1 }, Duration.seconds(1)],
        ["c", { of: "c" }, undefined],
        ["a", { version: 2 }, Duration.seconds(2)]
      ])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* get("a"), { version: 2 })
      assert.deepStrictEqual(yield* get("b"), { of: "b" })
      yield* TestClock.adjust("1 second")
      assert.isUndefined(yield* get("a"))
      assert.isUndefined(yield* get("b"))
      assert.deepStrictEqual(yield* get("c"), { of: "c" })
    }).pipe(Effect.provide(onMemory()))
  )

  it.effect("clear removes the results of its own store, and nothing else", () =>
    Effect.gen(function* () {
      const cache = yield* CachePort
      const ids = ["*", "", "a", "a:b", "a%3Ab", "persistence"]
      const stores = yield* Effect.forEach(ids, store)
      yield* cache.set("a:key", "of the domain")
      for (const [index, { set }] of stores.entries()) yield* set("key", { index }, undefined)
      for (const [index, { clear, get }] of stores.entries()) {
        yield* clear
        assert.isUndefined(yield* get("key"))
        for (const [later, { get }] of stores.entries()) {
          if (later > index) assert.deepStrictEqual(yield* get("key"), { index: later })
        }
      }
      assert.isTrue(yield* cache.exists("a:key"))
    }).pipe(Effect.provide(onMemory()))
  )

  it.effect("results stay in the cache that they were given, beside another that fails open", () => {
    const ofTheDomain = Layer.provide(FailOpen.layer, CacheMemory.layer())
    const ofResults = Layer.provide(CachePersistence.layerBacking, Layer.fresh(CacheMemory.layer()))
    return Effect.gen(function* () {
      const { set } = yield* store("orders")
      yield* set("key", { of: "orders" }, undefined)
      assert.isFalse(yield* (yield* CachePort).exists("persistence:orders:key"))
    }).pipe(Effect.provide(Layer.merge(ofTheDomain, ofResults)))
  })
})
