import { CachePort } from "@hexcache/cache-port"
import { Effect, Option, Schema } from "effect"
import { assert } from "vitest"
import * as Hostile from "../Hostile.ts"
import { type Chapter, failsWith, law } from "../Law.ts"

/** Values that hold an identity, so that a plain comparison sees a changed one. */
const json: ReadonlyArray<unknown> = [
  null,
  true,
  false,
  0,
  -1.5,
  1e21,
  Number.MAX_SAFE_INTEGER,
  "",
  "text\u2028\0\ud83d\ude00",
  [],
  {},
  [1, [2, [3, { a: [null] }]]],
  { a: { b: { c: "d" } }, "": 0, "a:b": [] },
  JSON.parse('{"__proto__":{"polluted":true},"constructor":1}')
]

const nested = (levels: number): unknown => {
  let value: unknown = 0
  for (let level = 0; level < levels; level++) value = [value]
  return value
}

/** Values of more levels than `JSON.stringify` takes; none where it takes any number of them, as in Node 26. */
const tooDeep: ReadonlyArray<unknown> = [nested(100_000)].filter((value) => {
  try {
    return JSON.stringify(value) === undefined
  } catch {
    return true
  }
})

const notJson = (): ReadonlyArray<readonly [name: string, value: unknown]> => {
  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  return [
    ["undefined", undefined],
    ["a function", () => 1],
    ["a symbol", Symbol("value")],
    ["a BigInt", 1n],
    ["a BigInt inside", { amounts: [1n] }],
    ["a cycle", cycle],
    [
      "a throwing toJSON",
      {
        toJSON: () => {
          throw new Error("hostile")
        }
      }
    ],
    [
      "a throwing getter",
      {
        get secret() {
          throw new Error("hostile")
        }
      }
    ],
    ...tooDeep.map((value) => ["100,000 levels", value] as const)
  ]
}

export const values: Chapter = {
  name: "values",
  laws: [
    law("get: none when absent", function* ({ cache }) {
      assert.deepStrictEqual(yield* cache.get("absent"), Option.none())
    }),

    law("get: any well-formed Unicode comes back unchanged, the empty string is a value", function* ({ cache }) {
      for (const value of ["", ...Hostile.ordinary]) {
        yield* cache.set("key", value)
        assert.strictEqual(Option.getOrUndefined(yield* cache.get("key")), value, JSON.stringify(value))
      }
    }),

    law("every write stores any text as it is, and every read gives it back as it was", function* ({ cache, missing }) {
      const texts = Array.from(new Set(["", ...Hostile.ordinary, ...Hostile.meaningful]))
      for (const [index, text] of texts.entries()) {
        const key = (name: string) => `${name}-${index}`
        const keys = ["set", "setMany", ...(missing.setIfAbsent === undefined ? ["setIfAbsent"] : [])].map(key)
        yield* cache.set(key("set"), text)
        yield* cache.setMany([[key("setMany"), text]])
        const subject = JSON.stringify(text)
        if (missing.setIfAbsent === undefined) {
          assert.isTrue(yield* cache.setIfAbsent(key("setIfAbsent"), text), `setIfAbsent of ${subject}`)
          assert.isFalse(yield* cache.setIfAbsent(key("setIfAbsent"), `${text}2`), `a second setIfAbsent of ${subject}`)
        }
        for (const [name, found] of yield* cache.getMany(keys)) {
          assert.strictEqual(Option.getOrUndefined(found), text, `getMany of ${subject} by ${name}`)
          assert.strictEqual(Option.getOrUndefined(yield* cache.get(name)), text, `get of ${subject} by ${name}`)
        }
        if (missing.getAndDelete === undefined) {
          const taken = Option.getOrUndefined(yield* cache.getAndDelete(key("set")))
          assert.strictEqual(taken, text, `getAndDelete of ${subject}`)
        }
        if (missing.compareAndDelete === undefined)
          assert.isTrue(yield* cache.compareAndDelete(key("setMany"), text), `compareAndDelete of ${subject}`)
      }
    }),

    law("every write and read takes a value of 300,000 characters", function* ({ cache, missing }) {
      const value = "0123456789".repeat(30_000)
      const other = `${value.slice(0, -1)}x`
      yield* cache.set("set", value)
      yield* cache.setMany([
        ["setMany", value],
        ["other", other]
      ])
      const written = ["set", "setMany"]
      if (missing.setIfAbsent === undefined) {
        assert.isTrue(yield* cache.setIfAbsent("setIfAbsent", value))
        written.push("setIfAbsent")
      }
      yield* cache.setJson("setJson", value)
      assert.isTrue(Option.getOrUndefined(yield* cache.getJson("setJson")) === value, "getJson")
      for (const [name, found] of yield* cache.getMany(written)) {
        assert.isTrue(Option.getOrUndefined(found) === value, `getMany by ${name}`)
        assert.isTrue(Option.getOrUndefined(yield* cache.get(name)) === value, `get by ${name}`)
      }
      assert.isTrue(Option.getOrUndefined(yield* cache.get("other")) === other)
      if (missing.compareAndDelete === undefined) {
        assert.isFalse(yield* cache.compareAndDelete("setMany", other), "compareAndDelete with another last character")
        assert.isTrue(yield* cache.compareAndDelete("setMany", value), "compareAndDelete")
      }
      if (missing.getAndDelete === undefined)
        assert.isTrue(Option.getOrUndefined(yield* cache.getAndDelete("set")) === value, "getAndDelete")
    }),

    law("get: a value of 1 MiB comes back unchanged, of whatever characters", function* ({ cache }) {
      for (const character of ["a", "é", "日", "😀"]) {
        const value = character.repeat(1_048_576 / character.length / (character === "a" ? 1 : 4))
        yield* cache.set("large", value)
        assert.isTrue(Option.getOrUndefined(yield* cache.get("large")) === value, character)
      }
    }),

    law("set: replaces the value", function* ({ cache }) {
      yield* cache.set("key", "old and longer")
      yield* cache.set("key", "new")
      assert.strictEqual(Option.getOrUndefined(yield* cache.get("key")), "new")
    }),

    law(
      "set, setIfAbsent, setMany: what is no text fails with InvalidArgument and leaves the old value",
      function* ({ cache }) {
        yield* cache.set("key", "old")
        for (const [name, input] of Hostile.notText) {
          const value = input as string
          yield* failsWith("InvalidArgument", cache.set("key", value), `set of ${name}`)
          yield* failsWith("InvalidArgument", cache.setIfAbsent("other", value), `setIfAbsent of ${name}`)
          yield* failsWith(
            "InvalidArgument",
            cache.setMany([
              ["other", "x"],
              ["key", value]
            ]),
            `setMany of ${name}`
          )
          yield* failsWith("InvalidArgument", cache.compareAndDelete("key", value), `compareAndDelete of ${name}`)
          const renewal = cache.compareAndExpire("key", value, "1 hour")
          yield* failsWith("InvalidArgument", renewal, `compareAndExpire of ${name}`)
        }
        assert.strictEqual(Option.getOrUndefined(yield* cache.get("key")), "old")
        assert.isFalse(yield* cache.exists("other"))
      }
    ),

    law("set: a value of more than 32 MiB fails with InvalidArgument and leaves the old value", function* ({ cache }) {
      yield* cache.set("key", "old")
      yield* failsWith("InvalidArgument", cache.set("key", "a".repeat(33_554_433)))
      yield* failsWith("InvalidArgument", cache.set("key", "é".repeat(16_777_217)))
      yield* failsWith("InvalidArgument", cache.setJson("key", "a".repeat(33_554_431)))
      assert.strictEqual(Option.getOrUndefined(yield* cache.get("key")), "old")
    }),

    law("setJson, getJson: every JSON value comes back equal", function* ({ cache }) {
      for (const value of json) {
        yield* cache.setJson("json", value as null)
        const back = Option.getOrThrow(yield* cache.getJson("json"))
        assert.strictEqual(JSON.stringify(back), JSON.stringify(value))
      }
      assert.notProperty({}, "polluted")
    }),

    law("getJson: none when absent", function* ({ cache }) {
      assert.deepStrictEqual(yield* cache.getJson("absent"), Option.none())
    }),

    law("getJson: unparsable text fails with InvalidValue, which quotes nothing of the value", function* ({ cache }) {
      for (const text of ["", "{", "secret-canary", '{"secret-canary":}', "undefined", "NaN", "'a'", "[1,]"]) {
        yield* cache.set("text", text)
        const error = yield* failsWith("InvalidValue", cache.getJson("text"), `getJson of ${text}`)
        assert.strictEqual(error.key, "text")
        assert.notInclude(JSON.stringify(error) + String(error) + String(error.stack), "canary")
        assert.isUndefined(error.cause)
      }
    }),

    law(
      "getJson: with a schema it decodes the value; JSON that the schema refuses fails with InvalidValue",
      function* ({ cache }) {
        const part = CachePort.namespaced(cache, "part")
        const User = Schema.Struct({ name: Schema.String, since: Schema.Date })
        const user = { name: "Ada", since: new Date(1_000) }
        for (const space of [cache, part]) {
          assert.deepStrictEqual(yield* space.getJson("user", User), Option.none())
          yield* space.setJson("user", user)
          assert.deepStrictEqual(yield* space.getJson("user", User), Option.some(user))
          yield* space.setJson("user", { name: 5, canary: "secret-canary" })
          const error = yield* failsWith("InvalidValue", space.getJson("user", User))
          assert.strictEqual(error.key, "user")
          assert.notInclude(JSON.stringify(error) + String(error) + String(error.stack), "canary")
          yield* space.set("user", "secret-canary")
          yield* failsWith("InvalidValue", space.getJson("user", User))
          yield* failsWith("InvalidArgument", space.getJson("user", { name: "text" } as never))
        }
      }
    ),

    law(
      "setJson: what JSON.stringify refuses or turns into nothing fails with InvalidValue and writes nothing",
      function* ({ cache }) {
        yield* cache.set("json", '"old"')
        for (const [name, value] of notJson()) {
          yield* failsWith("InvalidValue", cache.setJson("json", value as null), `setJson of ${name}`)
          yield* failsWith("InvalidValue", cache.setJson("fresh", value as null), `setJson of ${name}`)
        }
        assert.strictEqual(Option.getOrUndefined(yield* cache.get("json")), '"old"')
        assert.isFalse(yield* cache.exists("fresh"))
      }
    ),

    law("exists: whether the key is live", function* ({ cache }) {
      assert.isFalse(yield* cache.exists("key"))
      yield* cache.set("key", "")
      assert.isTrue(yield* cache.exists("key"))
      yield* cache.delete("key")
      assert.isFalse(yield* cache.exists("key"))
    }),

    law("delete: true when a live key was removed", function* ({ cache }) {
      yield* cache.set("key", "value")
      yield* cache.set("other", "stays")
      assert.isTrue(yield* cache.delete("key"))
      assert.isFalse(yield* cache.delete("key"))
      assert.deepStrictEqual(yield* cache.get("key"), Option.none())
      assert.isTrue(yield* cache.exists("other"))
    }),

    law(
      "a key that holds another type reads as absent, exists, can be overwritten and deleted",
      function* ({ cache, harness, storedKey }) {
        const setOtherType = harness.setOtherType as NonNullable<typeof harness.setOtherType>
        for (const key of ["one", "two", "three", "four", "five"]) yield* setOtherType(storedKey(key))
        assert.deepStrictEqual(yield* cache.get("one"), Option.none())
        assert.deepStrictEqual(yield* cache.getJson("one"), Option.none())
        assert.deepStrictEqual(Array.from(yield* cache.getMany(["one"])), [["one", Option.none()]])
        assert.deepStrictEqual(yield* cache.getAndDelete("one"), Option.none())
        assert.isFalse(yield* cache.compareAndDelete("one", ""))
        assert.isTrue(yield* cache.exists("one"))
        assert.isFalse(yield* cache.setIfAbsent("one", "value"))
        assert.strictEqual((yield* cache.ttl("one"))._tag, "Persistent")
        yield* failsWith("WrongType", cache.increment("one"))
        yield* failsWith("WrongType", cache.decrement("one"))
        yield* cache.set("one", "value")
        assert.strictEqual(Option.getOrUndefined(yield* cache.get("one")), "value")
        yield* cache.setMany([["two", "value"]])
        assert.strictEqual(Option.getOrUndefined(yield* cache.get("two")), "value")
        assert.isTrue(yield* cache.delete("three"))
        assert.strictEqual(yield* cache.deleteMany(["four"]), 1)
        assert.strictEqual(yield* cache.deletePattern("five"), 1)
      },
      (harness) => harness.setOtherType !== undefined
    ),

    law("ping: true", function* ({ cache }) {
      assert.isTrue(yield* cache.ping)
    }),

    law("an operation is a description: it can be run again, and not run at all", function* ({ cache }) {
      const add = cache.increment("count")
      const untouched = cache.set("never", "value")
      assert.isDefined(untouched)
      yield* add
      yield* add
      assert.strictEqual(Option.getOrUndefined(yield* cache.get("count")), "2")
      assert.isFalse(yield* cache.exists("never"))
      yield* Effect.void
    })
  ]
}
