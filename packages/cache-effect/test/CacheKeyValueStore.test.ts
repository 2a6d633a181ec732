import { assert, describe, it } from "@effect/vitest"
import { CacheMemory } from "@hexcache/cache-memory"
import { CachePort } from "@hexcache/cache-port"
import { Effect, Layer, Option, Schema } from "effect"
import { KeyValueStore } from "effect/persistence"
import { CacheKeyValueStore } from "../src/index.ts"

const onMemory = Layer.provideMerge(CacheKeyValueStore.layer, CacheMemory.layer())

describe("CacheKeyValueStore", () => {
  it.effect("text and bytes come back as they went in", () =>
    Effect.gen(function* () {
      const store = yield* KeyValueStore.KeyValueStore
      yield* store.set("text", "")
      yield* store.set("__proto__", "proto")
      yield* store.set("bytes", Uint8Array.of(0, 255, 128))
      assert.strictEqual(yield* store.get("text"), "")
      assert.strictEqual(yield* store.get("__proto__"), "proto")
      assert.deepStrictEqual(yield* store.getUint8Array("bytes"), Uint8Array.of(0, 255, 128))
      assert.isUndefined(yield* store.get("absent"))
      assert.isTrue(yield* store.has("text"))
      assert.isFalse(yield* store.has("absent"))
      yield* store.remove("text")
      assert.isFalse(yield* store.has("text"))
    }).pipe(Effect.provide(onMemory))
  )

  it.effect("a value is changed where there is one", () =>
    Effect.gen(function* () {
      const store = yield* KeyValueStore.KeyValueStore
      assert.isUndefined(yield* store.modify("count", (count) => `${count}1`))
      yield* store.set("count", "1")
      assert.strictEqual(yield* store.modify("count", (count) => `${count}1`), "11")
      assert.strictEqual(yield* store.get("count"), "11")
    }).pipe(Effect.provide(onMemory))
  )

  it.effect("keys, size and isEmpty tell of this store alone; clear removes nothing else", () =>
    Effect.gen(function* () {
      const cache = yield* CachePort
      const store = yield* KeyValueStore.KeyValueStore
      yield* cache.set("of the domain", "stays")
      assert.isTrue(yield* store.isEmpty)
      yield* store.set("a", "1")
      yield* store.set("b", "2")
      assert.deepStrictEqual((yield* store.keys).toSorted(), ["a", "b"])
      assert.strictEqual(yield* store.size, 2)
      assert.isFalse(yield* store.isEmpty)
      yield* store.clear
      assert.strictEqual(yield* store.size, 0)
      assert.isTrue(yield* cache.exists("of the domain"))
    }).pipe(Effect.provide(onMemory))
  )

  it.effect("a prefix is text, not a pattern", () =>
    Effect.gen(function* () {
      const store = yield* KeyValueStore.KeyValueStore
      for (const key of ["[a]:1", "[a]:2", "a:1", "*:1"]) yield* store.set(key, key)
      yield* store.clearPrefix("*")
      assert.deepStrictEqual((yield* store.keys).toSorted(), ["[a]:1", "[a]:2", "a:1"])
      yield* KeyValueStore.prefix(store, "[a]:").clear
      assert.deepStrictEqual(yield* store.keys, ["a:1"])
    }).pipe(Effect.provide(onMemory))
  )

  it.effect("values with a schema are stored as JSON", () =>
    Effect.gen(function* () {
      const users = KeyValueStore.toSchemaStore(
        yield* KeyValueStore.KeyValueStore,
        Schema.Struct({ name: Schema.String })
      )
      yield* users.set("ada", { name: "Ada" })
      assert.deepStrictEqual(yield* users.get("ada"), Option.some({ name: "Ada" }))
    }).pipe(Effect.provide(onMemory))
  )

  it.effect("a failure of the cache is a KeyValueStoreError with method, key and cause", () =>
    Effect.gen(function* () {
      const store = yield* KeyValueStore.KeyValueStore
      const error = yield* Effect.flip(store.set("lone \ud800", "value"))
      assert.strictEqual(error._tag, "KeyValueStoreError")
      assert.strictEqual(error.method, "set")
      assert.strictEqual(error.key, "lone \ud800")
      assert.propertyVal(error.cause, "_tag", "CacheError")
    }).pipe(Effect.provide(onMemory))
  )
})
