import { Duration, Option } from "effect"
import { assert } from "vitest"
import * as Hostile from "../Hostile.ts"
import { type Chapter, failsWith, law } from "../Law.ts"

/** Texts that some equality takes for the same. */
const pairs: ReadonlyArray<readonly [stored: string, expected: string]> = [
  ["é", "e\u0301"],
  ["e\u0301", "é"],
  ["ﬁ", "fi"],
  ["ß", "ss"],
  ["straße", "STRASSE"],
  ["a", "A"],
  ["a", "á"],
  ["a", "ａ"],
  ["i", "ı"],
  ["1", "01"],
  ["1", "1.0"],
  ["10", "1e1"],
  ["16", "0x10"],
  ["0", "-0"],
  ["0", ""],
  ["1", "+1"],
  ["1", " 1"],
  ["1", "true"],
  ["9007199254740993", "9007199254740992"],
  ["null", ""],
  ["a", "a "],
  ["a", "a\n"],
  ["a", "a\0"],
  ["a\0b", "a\0c"],
  ["a", "a\u200b"],
  ["\ufeffa", "a"],
  ['{"a":1}', '{"a": 1}'],
  ['{"a":1,"b":2}', '{"b":2,"a":1}'],
  ["abc", "a%"],
  ["abc", "a_c"],
  ["abc", "a*"],
  ["abc", "ab."],
  ...Hostile.cuts.map((length) => ["k".repeat(length), `${"k".repeat(length)}k`] as const),
  ...Hostile.cuts.map((length) => [`${"k".repeat(length)}a`, `${"k".repeat(length)}b`] as const)
]

const nameOf = ([stored, expected]: (typeof pairs)[number]): string =>
  stored.length > 30 ? `${stored.length} characters` : `${JSON.stringify(stored)}, ${JSON.stringify(expected)}`

export const conditionalWrites: Chapter = {
  name: "conditional writes",
  laws: [
    law("setIfAbsent: sets and answers true when the key is absent, else changes nothing", function* ({ cache }) {
      assert.isTrue(yield* cache.setIfAbsent("key", "first"))
      assert.isFalse(yield* cache.setIfAbsent("key", "second", { ttl: "1 hour" }))
      assert.strictEqual(Option.getOrUndefined(yield* cache.get("key")), "first")
      assert.strictEqual((yield* cache.ttl("key"))._tag, "Persistent")
      yield* cache.set("empty", "")
      assert.isFalse(yield* cache.setIfAbsent("empty", "value"))
      yield* cache.delete("key")
      assert.isTrue(yield* cache.setIfAbsent("key", "third", { ttl: "1 hour" }))
      assert.strictEqual((yield* cache.ttl("key"))._tag, "Expires")
      assert.isFalse(yield* cache.setIfAbsent("key", "fourth"))
      assert.strictEqual((yield* cache.ttl("key"))._tag, "Expires")
    }),

    law("getAndDelete: reads and removes", function* ({ cache }) {
      assert.deepStrictEqual(yield* cache.getAndDelete("key"), Option.none())
      yield* cache.set("key", "value", { ttl: "1 hour" })
      yield* cache.set("empty", "")
      assert.strictEqual(Option.getOrUndefined(yield* cache.getAndDelete("key")), "value")
      assert.strictEqual(Option.getOrUndefined(yield* cache.getAndDelete("empty")), "")
      assert.deepStrictEqual(yield* cache.getAndDelete("key"), Option.none())
      assert.isFalse(yield* cache.exists("empty"))
    }),

    law("compareAndDelete: releases a lock only for its owner", function* ({ cache }) {
      assert.isFalse(yield* cache.compareAndDelete("lock", "me"))
      assert.isTrue(yield* cache.setIfAbsent("lock", "me", { ttl: "1 hour" }))
      for (const other of ["you", "", "m", "me ", "ME", "me\0"]) {
        assert.isFalse(yield* cache.compareAndDelete("lock", other), JSON.stringify(other))
      }
      assert.isTrue(yield* cache.exists("lock"))
      assert.isTrue(yield* cache.compareAndDelete("lock", "me"))
      assert.isFalse(yield* cache.exists("lock"))
      assert.isFalse(yield* cache.compareAndDelete("lock", "me"))
      yield* cache.set("empty", "")
      assert.isTrue(yield* cache.compareAndDelete("empty", ""))
    }),

    law("compareAndDelete: no text is equal to another", function* ({ cache }) {
      for (const pair of pairs) {
        const [stored, expected] = pair
        const name = nameOf(pair)
        yield* cache.set("lock", stored)
        assert.isFalse(yield* cache.compareAndDelete("lock", expected), name)
        assert.isTrue(Option.getOrUndefined(yield* cache.get("lock")) === stored, `${name}: the value stays`)
        assert.isTrue(yield* cache.compareAndDelete("lock", stored), `${name}: the owner`)
      }
    }),

    law("getAndExpire: reads, and gives a live key a new time to live", function* ({ cache }) {
      assert.deepStrictEqual(yield* cache.getAndExpire("key", "1 hour"), Option.none())
      assert.isFalse(yield* cache.exists("key"))
      yield* cache.set("key", "value")
      yield* cache.set("empty", "")
      assert.strictEqual(Option.getOrUndefined(yield* cache.getAndExpire("key", "1 hour")), "value")
      assert.strictEqual((yield* cache.ttl("key"))._tag, "Expires")
      assert.strictEqual(Option.getOrUndefined(yield* cache.getAndExpire("empty", "1 hour")), "")
      assert.strictEqual((yield* cache.ttl("empty"))._tag, "Expires")
      yield* failsWith("InvalidArgument", cache.getAndExpire("key", 0))
      assert.strictEqual(Option.getOrUndefined(yield* cache.getAndExpire("key", Duration.infinity)), "value")
      assert.strictEqual((yield* cache.ttl("key"))._tag, "Persistent")
      assert.strictEqual(Option.getOrUndefined(yield* cache.get("key")), "value")
    }),

    law("compareAndExpire: renews a lock only for its owner", function* ({ cache }) {
      assert.isFalse(yield* cache.compareAndExpire("lock", "me", "1 hour"))
      assert.isFalse(yield* cache.exists("lock"))
      yield* cache.set("lock", "me")
      for (const other of ["you", "", "m", "me ", "ME", "me\0"]) {
        assert.isFalse(yield* cache.compareAndExpire("lock", other, "1 hour"), JSON.stringify(other))
      }
      assert.strictEqual((yield* cache.ttl("lock"))._tag, "Persistent")
      assert.isTrue(yield* cache.compareAndExpire("lock", "me", "1 hour"))
      assert.strictEqual((yield* cache.ttl("lock"))._tag, "Expires")
      yield* failsWith("InvalidArgument", cache.compareAndExpire("lock", "me", 0))
      assert.isFalse(yield* cache.compareAndExpire("lock", "you", Duration.infinity))
      assert.strictEqual((yield* cache.ttl("lock"))._tag, "Expires")
      assert.isTrue(yield* cache.compareAndExpire("lock", "me", Duration.infinity))
      assert.strictEqual((yield* cache.ttl("lock"))._tag, "Persistent")
      assert.strictEqual(Option.getOrUndefined(yield* cache.get("lock")), "me")
      yield* cache.set("empty", "")
      assert.isTrue(yield* cache.compareAndExpire("empty", "", "1 hour"))
    }),

    law("compareAndExpire: no text is equal to another", function* ({ cache }) {
      for (const pair of pairs) {
        const [stored, expected] = pair
        yield* cache.set("lock", stored)
        assert.isFalse(yield* cache.compareAndExpire("lock", expected, "1 hour"), nameOf(pair))
        assert.isTrue(yield* cache.compareAndExpire("lock", stored, "1 hour"), `${nameOf(pair)}: the owner`)
      }
    })
  ]
}
