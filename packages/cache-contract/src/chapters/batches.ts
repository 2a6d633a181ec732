import { Effect, Option } from "effect"
import { assert } from "vitest"
import * as Hostile from "../Hostile.ts"
import { type Chapter, failsWith, law } from "../Law.ts"

const numbered = (length: number): ReadonlyArray<readonly [key: string, value: string]> =>
  Array.from({ length }, (_, index) => [`key-${index}`, `value-${index}`] as const)

/** An array that says itself what it consists of. */
class Backwards extends Array<string> {
  override *[Symbol.iterator](): ArrayIterator<string> {
    for (let index = this.length - 1; index >= 0; index--) yield this[index] as string
  }
}

/** Inputs that are no iterable of keys or entries. Text is iterable in JavaScript, and meant as one key. */
const notIterable: ReadonlyArray<unknown> = [
  Object("keys"),
  { [Symbol.iterator]: null },
  { [Symbol.iterator]: undefined, length: 1, 0: "keys" },
  undefined,
  null,
  5,
  true,
  "keys",
  Symbol("keys"),
  {},
  () => ["a"],
  5n
]

export const batches: Chapter = {
  name: "batches",
  laws: [
    law("getMany: every key asked for, in the order asked", function* ({ cache }) {
      yield* cache.setMany([
        ["a", "1"],
        ["b", ""],
        ["c", "3"]
      ])
      const found = yield* cache.getMany(["c", "absent", "a", "c", "b", "absent", "a"])
      assert.deepStrictEqual(Array.from(found), [
        ["c", Option.some("3")],
        ["absent", Option.none()],
        ["a", Option.some("1")],
        ["b", Option.some("")]
      ])
    }),

    law("getMany: run again, answers anew and leaves the first answer as it was", function* ({ cache }) {
      yield* cache.set("a", "1")
      const read = cache.getMany(["a", "b", "a"])
      const first = yield* read
      yield* cache.delete("a")
      yield* cache.set("b", "2")
      assert.deepStrictEqual(Array.from((yield* read).values(), Option.getOrUndefined), [undefined, "2"])
      assert.deepStrictEqual(Array.from(first.values(), Option.getOrUndefined), ["1", undefined])
    }),

    law("getMany, deleteMany, setMany: empty in, empty out", function* ({ cache }) {
      assert.strictEqual((yield* cache.getMany([])).size, 0)
      assert.strictEqual(yield* cache.deleteMany([]), 0)
      assert.isUndefined(yield* cache.setMany([]))
      assert.isUndefined(yield* cache.setMany(new Map(), { ttl: "1 hour" }))
    }),

    law("getMany, deleteMany, setMany: take any iterable", function* ({ cache }) {
      yield* cache.setMany(
        new Map([
          ["a", "1"],
          ["b", "2"]
        ])
      )
      yield* cache.setMany(
        (function* () {
          yield ["c", "3"] as const
        })()
      )
      const keys = new Set(["a", "b", "c"])
      assert.deepStrictEqual(Array.from((yield* cache.getMany(keys)).values(), Option.getOrUndefined), ["1", "2", "3"])
      assert.strictEqual(yield* cache.deleteMany(keys), 3)
      yield* cache.set("a", "1")
      assert.deepStrictEqual(Array.from((yield* cache.getMany(new Backwards("b", "a"))).keys()), ["a", "b"])
    }),

    law("setMany: the last of a repeated key wins", function* ({ cache }) {
      yield* cache.setMany([
        ["a", "1"],
        ["b", "2"],
        ["a", "3"]
      ])
      assert.strictEqual(Option.getOrUndefined(yield* cache.get("a")), "3")
      assert.strictEqual(Option.getOrUndefined(yield* cache.get("b")), "2")
    }),

    law("setMany: one entry in disorder fails with InvalidArgument and writes nothing", function* ({ cache }) {
      yield* cache.set("a", "old")
      const disorders: ReadonlyArray<unknown> = [
        ["b"],
        ["b", "2", "3"],
        [],
        "bc",
        null,
        5,
        { 0: "b", 1: "2" },
        ["b", 5],
        ["", "2"]
      ]
      for (const entry of disorders) {
        yield* failsWith("InvalidArgument", cache.setMany([["a", "1"], entry as never]))
      }
      assert.strictEqual(Option.getOrUndefined(yield* cache.get("a")), "old")
      assert.isFalse(yield* cache.exists("b"))
    }),

    law("getMany, deleteMany, setMany: what is no iterable of them fails with InvalidArgument", function* ({ cache }) {
      yield* cache.set("keys", "stays")
      for (const input of notIterable) {
        yield* failsWith("InvalidArgument", cache.getMany(input as never))
        yield* failsWith("InvalidArgument", cache.deleteMany(input as never))
        yield* failsWith("InvalidArgument", cache.setMany(input as never))
      }
      for (const [kind, input] of Hostile.notText) {
        yield* failsWith("InvalidArgument", cache.deleteMany(["keys", input as never]), `deleteMany with ${kind}`)
      }
      const throwing = {
        [Symbol.iterator]: () => {
          throw new Error("hostile")
        }
      }
      yield* failsWith("InvalidArgument", cache.getMany(throwing))
      assert.isTrue(yield* cache.exists("keys"))
    }),

    law("deleteMany: keys removed; a repeated key counts once", function* ({ cache, port }) {
      yield* cache.setMany([
        ["a", "1"],
        ["b", "2"],
        ["c", "3"]
      ])
      assert.strictEqual(yield* cache.deleteMany(["a", "a", "absent", "b", "a", "absent"]), 2)
      assert.strictEqual(yield* cache.deleteMany(["a", "b"]), 0)
      assert.isTrue(yield* cache.exists("c"))
      const own = `own-${Math.random()}`
      yield* port.set(own, "value", { ttl: "1 minute" })
      assert.strictEqual(yield* port.deleteMany([own, own]), 1)
    }),

    law("setMany: every entry of 1,501 has the time to live, and loses the one that it had", function* ({ cache }) {
      const entries = numbered(1_501)
      for (const [ttl, expected] of [
        ["1 hour", "Expires"],
        [undefined, "Persistent"]
      ] as const) {
        yield* cache.setMany(entries, { ttl })
        const left = yield* Effect.forEach(entries, ([key]) => cache.ttl(key), { concurrency: "unbounded" })
        for (const [index, { _tag }] of left.entries()) {
          assert.strictEqual(_tag, expected, `key ${index} of ${left.length} by setMany with a ttl of ${ttl}`)
        }
      }
      assert.strictEqual(yield* cache.deleteMany(entries.map(([key]) => key)), 1_501)
    }),

    law("getMany, deleteMany: of 1,501 keys a third is absent", function* ({ cache }) {
      const entries = numbered(1_501)
      const keys = entries.map(([key]) => key)
      const there = entries.filter((_, index) => index % 3 !== 1)
      yield* cache.setMany(there)
      const found = yield* cache.getMany(keys)
      assert.deepStrictEqual(Array.from(found.keys()), keys)
      for (const [index, [key, value]] of entries.entries()) {
        const expected = index % 3 === 1 ? undefined : value
        assert.strictEqual(Option.getOrUndefined(found.get(key) ?? Option.none()), expected, `getMany: ${key}`)
      }
      assert.strictEqual(yield* cache.deleteMany(keys), there.length)
      assert.strictEqual(yield* cache.deleteMany(keys), 0)
    }),

    law("setMany, getMany, deleteMany: 10,000 keys at once", function* ({ cache }) {
      const entries = numbered(10_000)
      yield* cache.setMany(entries, { ttl: "1 hour" })
      const found = yield* cache.getMany(entries.map(([key]) => key))
      assert.deepStrictEqual(
        Array.from(found),
        entries.map(([key, value]) => [key, Option.some(value)])
      )
      assert.strictEqual((yield* cache.ttl("key-9999"))._tag, "Expires")
      assert.strictEqual(yield* cache.deleteMany(entries.map(([key]) => key)), 10_000)
      assert.isFalse(yield* cache.exists("key-0"))
    })
  ]
}
