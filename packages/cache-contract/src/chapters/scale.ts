import { Option, Stream } from "effect"
import { assert } from "vitest"
import type { Harness } from "../Harness.ts"
import { type Chapter, law } from "../Law.ts"

const isWanted = ({ scale }: Harness): boolean => scale !== false

/** The largest value that the port takes unless configured. */
const makeLargest = () => "0123456789abcdef".repeat(32 * 65_536)

export const scale: Chapter = {
  name: "scale",
  isSequential: true,
  laws: [
    law(
      "setMany, getMany, deleteMany: 130,000 keys at once",
      function* ({ cache }) {
        const keys = Array.from({ length: 130_000 }, (_, index) => `key-${index}`)
        yield* cache.setMany(
          keys.map((key, index) => [key, String(index)]),
          { ttl: "1 hour" }
        )
        const found = yield* cache.getMany([...keys, "absent"])
        assert.strictEqual(found.size, 130_001)
        for (const [index, key] of keys.entries()) {
          const value = Option.getOrUndefined(found.get(key) ?? Option.none())
          if (value !== String(index)) assert.fail(`getMany: ${key} is ${value}, and should be ${index}`)
        }
        for (const key of ["key-0", "key-29999", "key-75000", "key-129999"]) {
          assert.strictEqual((yield* cache.ttl(key))._tag, "Expires", key)
        }
        assert.strictEqual(yield* cache.deleteMany([...keys.slice(1), "absent"]), 129_999, "keys removed")
        assert.deepStrictEqual(yield* Stream.runCollect(cache.scan("*")), ["key-0"])
      },
      isWanted
    ),

    law(
      "scan, deletePattern: 25,000 keys",
      function* ({ cache }) {
        yield* cache.setMany(Array.from({ length: 25_000 }, (_, index) => [`key-${index}`, "value"] as const))
        const found = yield* Stream.runCollect(cache.scan("key-*"))
        assert.strictEqual(found.length, 25_000, "keys that scan finds")
        assert.strictEqual(new Set(found).size, 25_000, "different keys that scan finds")
        assert.strictEqual(yield* cache.deletePattern("key-*"), 25_000, "keys that deletePattern removes")
        assert.deepStrictEqual(yield* Stream.runCollect(cache.scan("*")), [])
      },
      isWanted
    ),

    law(
      "every write and read takes a value of 32 MiB",
      function* ({ cache }) {
        const largest = makeLargest()
        yield* cache.set("set", largest)
        assert.isTrue(Option.getOrUndefined(yield* cache.get("set")) === largest, "get after set")
        assert.isTrue(yield* cache.compareAndDelete("set", largest), "compareAndDelete")
        yield* cache.setMany([["setMany", largest]], { ttl: "1 hour" })
        const many = yield* cache.getMany(["setMany"])
        assert.isTrue(Option.getOrUndefined(many.get("setMany") ?? Option.none()) === largest, "getMany after setMany")
        assert.isTrue(yield* cache.delete("setMany"), "delete")
        assert.isTrue(yield* cache.setIfAbsent("setIfAbsent", largest), "setIfAbsent")
        const taken = Option.getOrUndefined(yield* cache.getAndDelete("setIfAbsent"))
        assert.isTrue(taken === largest, "getAndDelete after setIfAbsent")
      },
      isWanted
    )
  ]
}
