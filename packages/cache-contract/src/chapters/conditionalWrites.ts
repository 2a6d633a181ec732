import { Option } from "effect"
import { assert } from "vitest"
import * as Hostile from "../Hostile.ts"
import { type Chapter, law } from "../Law.ts"

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
      for (const [stored, expected] of pairs) {
        const name =
          stored.length > 30 ? `${stored.length} characters` : `${JSON.stringify(stored)}, ${JSON.stringify(expected)}`
        yield* cache.set("lock", stored)
        assert.isFalse(yield* cache.compareAndDelete("lock", expected), name)
        assert.isTrue(Option.getOrUndefined(yield* cache.get("lock")) === stored, `${name}: the value stays`)
        assert.isTrue(yield* cache.compareAndDelete("lock", stored), `${name}: the owner`)
      }
    })
  ]
}
