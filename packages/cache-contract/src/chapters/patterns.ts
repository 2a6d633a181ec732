import { Glob } from "@hexcache/cache-port"
import { Effect, Option, Stream } from "effect"
import { assert } from "vitest"
import * as Hostile from "../Hostile.ts"
import { type Chapter, failsWith, law } from "../Law.ts"
import { needs } from "../LeftOut.ts"
import { whileTimersStandStill } from "../Timers.ts"

/** The keys that Redis itself matches, for each corner of its glob language. */
const language: ReadonlyArray<readonly [pattern: string, matching: ReadonlyArray<string>, not: ReadonlyArray<string>]> =
  [
    ["*", ["a", "anything", "*"], []],
    ["a*", ["a", "ab", "a*"], ["b", "ba"]],
    ["*a", ["a", "ba", "aa"], ["ab"]],
    ["a*b*c", ["abc", "aXbYc", "abbcc", "abcbc"], ["ac", "abcd"]],
    ["a**b", ["ab", "axb"], ["a"]],
    ["h?llo", ["hello", "hallo", "h?llo"], ["hllo", "heello"]],
    ["??", ["ab", "é"], ["a", "abc", "日"]],
    ["????", ["abcd", "😀", "éé"], ["é"]],
    ["h[ae]llo", ["hello", "hallo"], ["hillo", "h[ae]llo"]],
    ["h[^e]llo", ["hallo", "h^llo"], ["hello"]],
    ["h[a-c]llo", ["hallo", "hbllo", "hcllo"], ["hdllo", "h-llo"]],
    ["h[c-a]llo", ["hallo", "hbllo", "hcllo"], ["hdllo"]],
    ["[a-]", ["^", "_", "]", "a", "`"], ["-", "b"]],
    ["[]a]", [], ["a]", "]", "a", "]a]"]],
    ["x[]", [], ["x", "x]", "x[]"]],
    ["[^]", ["a", "]"], ["ab", ""]],
    ["[abc", ["a", "b", "c"], ["[abc", "d"]],
    ["[", [], ["[", "a"]],
    ["[^", ["a", "^", "["], ["ab"]],
    ["[a\\]b]", ["a", "]", "b"], ["\\"]],
    ["[\\-a]", ["-", "a"], ["\\", "b"]],
    ["\\*", ["*"], ["a", "\\*"]],
    ["\\?x", ["?x"], ["ax"]],
    ["\\[a]", ["[a]"], ["a"]],
    ["\\a", ["a"], ["\\a"]],
    ["a\\", ["a\\"], ["a"]],
    ["a\\\\b", ["a\\b"], ["ab"]],
    ["[!a]", ["!", "a"], ["b"]],
    ["{a,b}", ["{a,b}"], ["a", "b"]],
    ["A*", ["Ab"], ["ab"]],
    ["é*", ["été", "é"], ["e"]],
    ["a\nb*", ["a\nbc"], ["ab"]],
    ["", [], ["a"]],
    // Of SQL's LIKE.
    ["%", ["%"], ["a", "ab"]],
    ["a%", ["a%"], ["ab", "a"]],
    ["_", ["_"], ["a", "%"]],
    ["a_c", ["a_c"], ["abc"]],
    // Of regular expressions.
    ["a.c", ["a.c"], ["abc", "a_c"]],
    [".*", [".a", "."], ["a", "ab"]],
    ["a+", ["a+"], ["a", "aa"]],
    ["(a)", ["(a)"], ["a"]],
    ["a|b", ["a|b"], ["a", "b"]],
    ["^a", ["^a"], ["a"]],
    ["a$", ["a$"], ["a"]],
    ["a{2}", ["a{2}"], ["aa"]],
    ["\\d", ["d"], ["5", "\\d"]],
    ["\\w*", ["w", "wa"], ["a", "5"]],
    ["[\\d]", ["d"], ["5", "\\"]],
    ["[.]", ["."], ["a"]],
    ["[a,b]", ["a", ",", "b"], ["c", "a,b"]],
    ["a/c", ["a/c"], ["a/b", "a"]],
    // Of shells and of minimatch.
    ["*", ["a/b", "a/b/c", ".a", "/", "a\nb", "!a", "#a"], []],
    ["a*c", ["a/b/c", "a\nc"], ["a/b"]],
    ["?a", [".a", "/a", "!a"], ["a"]],
    ["a[^b]c", ["a/c", "a.c"], ["abc"]],
    ["**/c", ["a/b/c", "/c"], ["c"]],
    ["a/**", ["a/b", "a/b/c", "a/"], ["a"]],
    ["!a", ["!a"], ["a", "b"]],
    ["!(a)", ["!(a)"], ["b", "(a)"]],
    ["@(a|b)", ["@(a|b)"], ["a", "b"]],
    ["+(a)", ["+(a)"], ["a", "aa"]],
    ["?(a)", ["x(a)"], ["a", "(a)"]],
    ["*(a)", ["(a)", "x(a)"], ["a", "aa"]],
    ["~a", ["~a"], ["a"]],
    ["~", ["~"], ["a"]],
    ["#a", ["#a"], ["a"]],
    ["a{b,c}", ["a{b,c}"], ["ab", "ac"]],
    ["{1..3}", ["{1..3}"], ["1", "2"]],
    ["[[:digit:]]", ["d]", ":]", "[]"], ["5", "d", "5]"]],
    ["[[:alpha:]]*", ["a]", "h]b"], ["b]", "ab"]],
    ["a,b", ["a,b"], ["a", "b"]],
    ["'a'", ["'a'"], ["a"]],
    ['"a"', ['"a"'], ["a"]],
    [" a", [" a"], ["a"]],
    ["a ", ["a "], ["a"]]
  ]

/** Any text, mostly of characters that mean something in a pattern. */
const randomText = (longest: number): string => {
  const characters = "aab*?[]^-\\cé"
  const length = 1 + Math.floor(Math.random() * longest)
  return Array.from({ length }, () => characters[Math.floor(Math.random() * characters.length)]).join("")
}

export const patterns: Chapter = {
  name: "patterns",
  laws: [
    law("scan: Redis's glob language, byte-wise as Redis does it", function* ({ cache }) {
      const keys = new Set(language.flatMap(([, matching, not]) => [...matching, ...not]).filter((key) => key !== ""))
      yield* cache.setMany(Array.from(keys, (key) => [key, "value"]))
      for (const [pattern, matching, not] of language) {
        const found = new Set(yield* Stream.runCollect(cache.scan(pattern)))
        for (const key of matching) assert.isTrue(found.has(key), `${pattern} should match ${JSON.stringify(key)}`)
        for (const key of not) assert.isFalse(found.has(key), `${pattern} should not match ${JSON.stringify(key)}`)
        const expected = Array.from(keys).filter((key) => Glob.matches(pattern, key))
        assert.deepStrictEqual(found, new Set(expected), `Glob.matches agrees on ${pattern}`)
      }
    }),

    law("scan: agrees with Glob.matches on random patterns, or refuses them", function* ({ cache }) {
      const keys = new Set(Array.from({ length: 60 }, () => randomText(5)))
      yield* cache.setMany(Array.from(keys, (key) => [key, "value"]))
      for (let round = 0; round < 200; round++) {
        const pattern = randomText(7)
        if (Glob.refusalOf(pattern) !== undefined) {
          yield* failsWith("InvalidArgument", Stream.runDrain(cache.scan(pattern)), pattern)
        } else {
          const found = new Set(yield* Stream.runCollect(cache.scan(pattern)))
          const expected = Array.from(keys).filter((key) => Glob.matches(pattern, key))
          assert.deepStrictEqual(found, new Set(expected), JSON.stringify(pattern))
        }
      }
    }),

    law("deletePattern: removes what Glob.matches says, and nothing else", function* ({ cache }) {
      const keys = Array.from(new Set(language.flatMap(([, matching, not]) => [...matching, ...not]))).filter(
        (key) => key !== ""
      )
      yield* cache.setMany(keys.map((key) => [key, "value"]))
      for (const [pattern] of language) {
        const matching = keys.filter((key) => Glob.matches(pattern, key))
        const removed = yield* cache.deletePattern(pattern)
        assert.strictEqual(removed, matching.length, `keys that deletePattern of ${JSON.stringify(pattern)} removes`)
        for (const [key, found] of yield* cache.getMany(keys)) {
          const subject = `${JSON.stringify(key)} after deletePattern of ${JSON.stringify(pattern)}`
          assert.strictEqual(Option.isNone(found), matching.includes(key), subject)
        }
        if (matching.length > 0) yield* cache.setMany(matching.map((key) => [key, "value"]))
      }
    }),

    law("deletePattern: of two at once, each key is counted by one", function* ({ cache }) {
      const keys = Array.from({ length: 600 }, (_, index) => `key-${index}`)
      for (const [name, other] of [
        ["deletePattern", cache.deletePattern("key-*")],
        ["deleteMany", cache.deleteMany(keys)]
      ] as const) {
        yield* cache.setMany(keys.map((key) => [key, "value"]))
        const [one, two] = yield* Effect.all([cache.deletePattern("key-*"), other], { concurrency: 2 })
        assert.strictEqual(one + two, 600, `keys that deletePattern (${one}) and ${name} (${two}) removed`)
      }
    }),

    law("scan, deletePattern: few keys among many, wherever they are", function* ({ cache }) {
      const others = (half: string) =>
        Array.from({ length: 1_300 }, (_, index) => [`other-${half}-${index}`, "value"] as const)
      yield* cache.setMany(others("one"))
      yield* cache.setMany([
        ["few-1", "value"],
        ["few-2", "value"]
      ])
      yield* cache.setMany(others("two"))
      yield* cache.set("few-3", "value")
      assert.deepStrictEqual((yield* Stream.runCollect(cache.scan("few-*"))).toSorted(), ["few-1", "few-2", "few-3"])
      assert.strictEqual(yield* cache.deletePattern("few-*"), 3)
      assert.strictEqual(yield* cache.deletePattern("*"), 2_600)
    }),

    law("scan: a consumer that removes what it gets sees every key", function* ({ cache }) {
      const keys = Array.from({ length: 2_500 }, (_, index) => `key-${index}`)
      yield* cache.setMany(keys.map((key) => [key, "value"]))
      const seen = new Set<string>()
      yield* Stream.runForEach(Stream.grouped(cache.scan("key-*"), 50), (page) => {
        for (const key of page) seen.add(key)
        return cache.deleteMany(page)
      })
      assert.strictEqual(seen.size, 2_500, "keys that the consumer has seen")
      assert.deepStrictEqual(yield* Stream.runCollect(cache.scan("*")), [])
    }),

    law("deletePattern: removes what matches, leaves the rest, and counts keys removed", function* ({ cache }) {
      const keys = ["user:1", "user:2", "user:10", "user:*", "order:1", "user"]
      yield* cache.setMany(keys.map((key) => [key, "value"]))
      assert.strictEqual(yield* cache.deletePattern("user:?"), 3)
      assert.strictEqual(yield* cache.deletePattern("user:?"), 0)
      assert.deepStrictEqual(
        new Set(yield* Stream.runCollect(cache.scan("*"))),
        new Set(["user:10", "order:1", "user"])
      )
      assert.strictEqual(yield* cache.deletePattern("order:[0-9]"), 1)
      assert.strictEqual(yield* cache.deletePattern("*"), 2)
    }),

    law("deletePattern: 5,000 keys of 10,000", function* ({ cache }) {
      yield* cache.setMany(
        Array.from({ length: 10_000 }, (_, index) => [`${index % 2 === 0 ? "even" : "odd"}:${index}`, "value"] as const)
      )
      assert.strictEqual(yield* cache.deletePattern("even:*"), 5_000)
      const left = yield* Stream.runCollect(cache.scan("*"))
      assert.strictEqual(left.length, 5_000)
      assert.isTrue(left.every((key) => key.startsWith("odd:")))
      // Every key that stays makes the scans of other laws on the same store slower.
      assert.strictEqual(yield* cache.deletePattern("*"), 5_000)
    }),

    law("scan: each live key once", function* ({ cache }) {
      const keys = Array.from({ length: 3_000 }, (_, index) => `key-${index}`)
      yield* cache.setMany(keys.map((key) => [key, "value"]))
      const found = yield* Stream.runCollect(cache.scan("key-*"))
      assert.strictEqual(found.length, keys.length)
      assert.deepStrictEqual(new Set(found), new Set(keys))
      assert.lengthOf(yield* Stream.runCollect(Stream.take(cache.scan("*"), 5)), 5)
      // Every key that stays makes the scans of other laws on the same store slower.
      assert.strictEqual(yield* cache.deleteMany(keys), keys.length)
    }),

    law("scan: no key twice, also where each is removed and set again meanwhile", function* ({ cache }) {
      const keys = Array.from({ length: 1_500 }, (_, index) => `key-${index}`)
      yield* cache.setMany(keys.map((key) => [key, "value"]))
      const found: Array<string> = []
      yield* Stream.runForEach(Stream.grouped(cache.scan("key-*"), 50), (page) => {
        found.push(...page)
        return Effect.andThen(cache.deleteMany(page), cache.setMany(page.map((key) => [key, "again"])))
      })
      assert.deepStrictEqual(found.toSorted(), Array.from(new Set(found)).toSorted())
      assert.strictEqual(yield* cache.deleteMany(keys), keys.length)
    }),

    law(
      "scan, deletePattern: end while timers stand still",
      function* ({ cache, missing }) {
        yield* needs(missing, "enumeration")
        const keys = Array.from({ length: 3_000 }, (_, index) => `key-${index}`)
        yield* cache.setMany(keys.map((key) => [key, "value"]))
        const [found, removed] = yield* whileTimersStandStill(() =>
          Promise.all([
            Effect.runPromise(Stream.runCollect(cache.scan("key-*"))),
            Effect.runPromise(cache.deletePattern("key-?"))
          ])
        )
        assert.isAtLeast(found.length, 2_990)
        assert.strictEqual(removed, 10)
        assert.strictEqual(yield* cache.deletePattern("key-*"), 2_990)
      },
      ({ time }) => time === "TestClock"
    ),

    law("Glob.escape makes any text literal", function* ({ cache }) {
      yield* cache.setMany(Hostile.ordinary.map((key) => [key, "value"]))
      for (const key of Hostile.ordinary) {
        assert.deepStrictEqual(yield* Stream.runCollect(cache.scan(Glob.escape(key))), [key], JSON.stringify(key))
      }
      for (const key of Hostile.ordinary) assert.strictEqual(yield* cache.deletePattern(Glob.escape(key)), 1)
    }),

    law(
      "a pattern that is no text, too long, or whose class holds more than ASCII fails with InvalidArgument",
      function* ({ cache, port }) {
        yield* cache.setMany([
          ["a", "1"],
          ["é", "2"]
        ])
        const refused: ReadonlyArray<readonly [string, unknown]> = [
          ...Hostile.notText,
          ["a class of é", "[é]"],
          ["a range to é", "[a-é]"],
          ["an escaped é in a class", "[\\é]"],
          ["an open class of é", "*[^é"],
          ["more than 1,024 bytes behind a star", `*${"a".repeat(1_025)}`],
          ["more than 1,024 bytes of a few classes behind a star", `*${`[${"ab".repeat(44)}]`.repeat(12)}`],
          ["more than 1,024 bytes of escapes behind a star", `*${"\\a".repeat(513)}`],
          ["a class of more than 1,024 bytes", `[${"a".repeat(1_023)}]`],
          ["more than 131,072 bytes", "a".repeat(131_073)]
        ]
        for (const [kind, pattern] of refused) {
          yield* failsWith("InvalidArgument", cache.deletePattern(pattern as string), `deletePattern of ${kind}`)
          yield* failsWith("InvalidArgument", Stream.runDrain(cache.scan(pattern as string)), `scan of ${kind}`)
          // The part of a cache that a namespace is may refuse what the cache itself does not.
          yield* failsWith("InvalidArgument", Stream.runDrain(port.scan(pattern as string)), `scan of ${kind}`)
        }
        assert.isTrue(yield* cache.exists("a"))
        assert.isTrue(yield* cache.exists("é"))
      }
    )
  ]
}
