import type { CachePort } from "@hexcache/cache-port"
import { Array as Arr, Effect, Option, Stream } from "effect"
import { assert } from "vitest"
import * as Hostile from "../Hostile.ts"
import { type Chapter, failsWith, law } from "../Law.ts"

/** Every operation that takes a key, with this one. */
const withKey = (
  cache: CachePort["Service"],
  key: string
): ReadonlyArray<readonly [name: string, operation: Effect.Effect<unknown, unknown>]> => [
  ["get", cache.get(key)],
  ["getJson", cache.getJson(key)],
  ["set", cache.set(key, "value")],
  ["setJson", cache.setJson(key, "value")],
  ["setIfAbsent", cache.setIfAbsent(key, "value")],
  ["delete", cache.delete(key)],
  ["deleteMany", cache.deleteMany(["ordinary", key])],
  ["getAndDelete", cache.getAndDelete(key)],
  ["compareAndDelete", cache.compareAndDelete(key, "value")],
  ["getAndExpire", cache.getAndExpire(key, "1 hour")],
  ["compareAndExpire", cache.compareAndExpire(key, "value", "1 hour")],
  ["exists", cache.exists(key)],
  ["expire", cache.expire(key, "1 hour")],
  ["ttl", cache.ttl(key)],
  ["increment", cache.increment(key)],
  ["decrement", cache.decrement(key)],
  ["getMany", cache.getMany(["ordinary", key])],
  [
    "setMany",
    cache.setMany([
      ["ordinary", "value"],
      [key, "value"]
    ])
  ]
]

/** Asserts that no operation takes one of these keys for another. */
const tellsApart = Effect.fnUntraced(function* (cache: CachePort["Service"], keys: ReadonlyArray<string>) {
  const valueOf = (index: number) => String(index)
  const nameOf = (key: string) => (key.length > 100 ? `a key of ${key.length} characters` : JSON.stringify(key))
  for (const [index, key] of keys.entries()) yield* cache.set(key, valueOf(index))
  for (const [index, key] of keys.entries()) {
    assert.strictEqual(Option.getOrUndefined(yield* cache.get(key)), valueOf(index), `get of ${nameOf(key)}`)
  }
  yield* cache.setMany(keys.map((key, index) => [key, valueOf(index)]))
  const found = Array.from(yield* cache.getMany(keys), ([, value]) => Option.getOrUndefined(value))
  for (const [index, key] of keys.entries())
    assert.strictEqual(found[index], valueOf(index), `getMany of ${nameOf(key)}`)
  const scanned = yield* Stream.runCollect(cache.scan("*"))
  assert.strictEqual(scanned.length, keys.length, "keys that scan finds")
  const live = new Set(keys)
  for (const key of scanned) assert.isTrue(live.delete(key), `scan finds ${nameOf(key)}`)
  for (const [index, key] of keys.entries()) {
    const name = nameOf(key)
    if (index % 4 === 0) assert.strictEqual(yield* cache.increment(key), index + 1, `increment of ${name}`)
    if (index % 4 === 1) assert.isTrue(yield* cache.delete(key), `delete of ${name}`)
    if (index % 4 === 2) {
      assert.isTrue(Option.isSome(yield* cache.getAndDelete(key)), `getAndDelete of ${name}`)
    }
    if (index % 4 === 3) assert.isTrue(yield* cache.expire(key, "1 hour"), `expire of ${name}`)
    assert.strictEqual(yield* cache.exists(key), index % 4 === 0 || index % 4 === 3, `exists of ${name}`)
    const ttl = (yield* cache.ttl(key))._tag
    assert.strictEqual(ttl, index % 4 === 0 ? "Persistent" : index % 4 === 3 ? "Expires" : "Missing", `ttl of ${name}`)
  }
  assert.strictEqual(
    yield* cache.deleteMany(keys),
    keys.filter((_, index) => index % 4 === 0 || index % 4 === 3).length,
    "keys that deleteMany removes"
  )
  yield* cache.setMany(keys.map((key) => [key, "value"]))
  assert.strictEqual(yield* cache.deletePattern("*"), keys.length, "keys that deletePattern removes")
})

export const keys: Chapter = {
  name: "keys",
  laws: [
    law("NUL, CR LF, spaces, emoji, glob characters and __proto__ are ordinary", function* ({ cache }) {
      yield* cache.setMany(Hostile.ordinary.map((key, index) => [key, String(index)]))
      const found = yield* cache.getMany(Hostile.ordinary)
      assert.deepStrictEqual(Array.from(found.keys()), Hostile.ordinary)
      for (const [index, key] of Hostile.ordinary.entries()) {
        const name = JSON.stringify(key)
        assert.strictEqual(Option.getOrUndefined(found.get(key) ?? Option.none()), String(index), name)
        assert.strictEqual(Option.getOrUndefined(yield* cache.get(key)), String(index), name)
        assert.isTrue(yield* cache.exists(key), name)
        assert.strictEqual((yield* cache.ttl(key))._tag, "Persistent", name)
      }
      const scanned = yield* Stream.runCollect(cache.scan("*"))
      assert.deepStrictEqual(new Set(scanned), new Set(Hostile.ordinary))
      for (const key of Hostile.ordinary) {
        assert.isTrue(yield* cache.delete(key), JSON.stringify(key))
        assert.deepStrictEqual(yield* cache.get(key), Option.none(), JSON.stringify(key))
      }
    }),

    law("__proto__ and its like are ordinary where no namespace is in front of them", function* ({ port }) {
      for (const key of ["__proto__", "constructor", "hasOwnProperty"]) {
        yield* port.set(key, "value", { ttl: "1 minute" })
        assert.strictEqual(Option.getOrUndefined(yield* port.get(key)), "value")
        assert.deepStrictEqual(Array.from(yield* port.getMany([key])), [[key, Option.some("value")]])
        assert.isTrue(yield* port.delete(key))
        assert.deepStrictEqual(Array.from(yield* port.getMany([key])), [[key, Option.none()]])
      }
    }),

    law("keys that differ in case or in normalization are different keys", function* ({ cache }) {
      const alike = ["key", "KEY", "Key", "é", "e\u0301", "ﬁ", "fi"]
      yield* cache.setMany(alike.map((key) => [key, key]))
      for (const key of alike) assert.strictEqual(Option.getOrUndefined(yield* cache.get(key)), key)
    }),

    law("keys that look alike elsewhere are different keys, to every operation", function* ({ cache }) {
      const alike = Array.from(new Set([...Hostile.alike, ...Hostile.ordinary]))
      yield* tellsApart(cache, alike)
    }),

    law("keys that differ in their last character are different keys, of any length", function* ({ cache }) {
      const long = Hostile.cuts.flatMap((length) => [
        `${"k".repeat(length)}a`,
        `${"k".repeat(length)}b`,
        `${"é".repeat(length / 2)}c`
      ])
      yield* tellsApart(cache, Array.from(new Set(long)))
    }),

    law("a key of 65,536 bytes of UTF-8 works, also of characters of several bytes", function* ({ port }) {
      const own = String(Math.random()).padEnd(64, "0")
      for (const rest of ["k".repeat(65_472), "é".repeat(32_736), "😀".repeat(16_368)]) {
        const key = own + rest
        yield* port.set(key, "value", { ttl: "1 minute" })
        assert.strictEqual(Option.getOrUndefined(yield* port.get(key)), "value")
        assert.strictEqual(yield* port.deleteMany([key]), 1)
        yield* failsWith("InvalidArgument", port.set(`${key}k`, "value"))
      }
    }),

    law("a key of no byte, or of one byte more, fails with InvalidArgument in every operation", function* ({ cache }) {
      for (const key of ["", "k".repeat(65_537), `${"é".repeat(32_768)}k`, "日".repeat(21_846)]) {
        for (const [name, operation] of withKey(cache, key)) {
          const error = yield* failsWith("InvalidArgument", operation, `${name} of a key of ${key.length} units`)
          assert.strictEqual(error.outcome, "NotExecuted")
          assert.isTrue(error.message.length < 500)
        }
      }
      assert.deepStrictEqual(yield* Stream.runCollect(cache.scan("*")), [])
    }),

    law(
      "what is no text, or holds a lone surrogate, fails with InvalidArgument in every operation",
      function* ({ cache }) {
        for (const [kind, input] of Hostile.notText) {
          for (const [name, operation] of withKey(cache, input as string)) {
            yield* failsWith("InvalidArgument", operation, `${name} of ${kind} as a key`)
          }
        }
        assert.deepStrictEqual(yield* Stream.runCollect(cache.scan("*")), [])
      }
    ),

    law("an error names the operation and the key", function* ({ cache }) {
      const calls: ReadonlyArray<readonly [string, Effect.Effect<unknown, unknown>]> = [
        ["set", cache.set("key", 5 as never)],
        ["setJson", cache.setJson("key", undefined as never)],
        ["setIfAbsent", cache.setIfAbsent("key", "value", { ttl: 0 })],
        ["compareAndDelete", cache.compareAndDelete("key", 5 as never)],
        ["getAndExpire", cache.getAndExpire("key", 0)],
        ["compareAndExpire", cache.compareAndExpire("key", "value", 0)],
        ["expire", cache.expire("key", -1)],
        ["increment", cache.increment("key", 0.5)],
        ["decrement", cache.decrement("key", 0.5)]
      ]
      for (const [operation, effect] of calls) {
        const error = yield* failsWith(operation === "setJson" ? "InvalidValue" : "InvalidArgument", effect, operation)
        assert.strictEqual(error.operation, operation)
        assert.strictEqual(error.key, "key")
        assert.isFalse(error.isRetryable)
        assert.strictEqual(
          error.code,
          "CACHE_SET_ERROR".replace("SET", Arr.contains(["compareAndDelete"], operation) ? "DELETE" : "SET")
        )
      }
    })
  ]
}
