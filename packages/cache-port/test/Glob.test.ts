import { Glob } from "@hexcache/cache-port"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { anyCharacter } from "./support/anyCharacter.ts"

const meaningful = fc.string({ unit: fc.constantFrom("a", "b", "*", "?", "[", "]", "^", "-", "\\", "é"), maxLength: 9 })

/** As slow and plain as the language's definition, for patterns without classes and escapes. */
const plainly = (pattern: ReadonlyArray<string>, text: ReadonlyArray<string>): boolean => {
  const [first, ...rest] = pattern
  if (first === undefined) return text.length === 0
  if (first === "*") return text.some((_, index) => plainly(rest, text.slice(index))) || plainly(rest, [])
  return text.length > 0 && (first === "?" || first === text[0]) && plainly(rest, text.slice(1))
}

describe("Glob", () => {
  it("An escaped text matches itself", () => {
    fc.assert(fc.property(fc.string({ unit: anyCharacter }), (text) => Glob.matches(Glob.escape(text), text)))
    fc.assert(fc.property(meaningful, (text) => Glob.matches(Glob.escape(text), text)))
  })

  it("An escaped text matches nothing else", () => {
    fc.assert(
      fc.property(meaningful, meaningful, (one, other) => Glob.matches(Glob.escape(one), other) === (one === other))
    )
  })

  it("Stars and question marks match as their definition says", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 8 })
    const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 8 })
    fc.assert(
      fc.property(letters, text, (pattern, text) => Glob.matches(pattern, text) === plainly([...pattern], [...text])),
      { numRuns: 2_000 }
    )
  })

  it("Any pattern and any text have a result, and the two checks of a pattern agree", () => {
    fc.assert(
      fc.property(meaningful, fc.string({ unit: anyCharacter }), (pattern, text) => {
        const compiled = Glob.compile(pattern)
        assert.strictEqual(typeof compiled === "string" ? compiled : undefined, Glob.refusalOf(pattern))
        assert.isBoolean(Glob.matches(pattern, text))
      }),
      { numRuns: 2_000 }
    )
  })

  it("A match takes no longer than pattern times text, where naive matching takes for ever", () => {
    assert.isFalse(Glob.matches("*a".repeat(500), "a".repeat(499) + "b".repeat(2_000)))
    assert.isTrue(Glob.matches(`${"*a".repeat(500)}*`, "a".repeat(600)))
  })

  it("A match in steps of any number has the result of one in one go", () => {
    fc.assert(
      fc.property(meaningful, meaningful, fc.integer({ min: 1, max: 5 }), (pattern, text, steps) => {
        const glob = Glob.compile(pattern)
        if (typeof glob === "string") return
        const decide = glob.begin(text)
        let decided = decide(steps)
        for (let round = 0; decided === undefined && round < 1_000; round++) decided = decide(steps)
        assert.strictEqual(decided, Glob.matches(pattern, text))
      }),
      { numRuns: 2_000 }
    )
  })

  it("Every match of a pattern begins with its literal prefix, and an escaped text is its own", () => {
    fc.assert(
      fc.property(meaningful, meaningful, (pattern, text) => {
        if (Glob.matches(pattern, text)) assert.isTrue(text.startsWith(Glob.literalPrefix(pattern)))
      }),
      { numRuns: 2_000 }
    )
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) => {
        assert.strictEqual(Glob.literalPrefix(Glob.escape(text)), text)
        for (const rest of ["*", "?a", "[a-c]"]) assert.strictEqual(Glob.literalPrefix(Glob.escape(text) + rest), text)
      })
    )
    assert.strictEqual(Glob.literalPrefix("a\\"), "a\\")
    assert.strictEqual(Glob.literalPrefix("\\😀b*"), "😀b")
    assert.strictEqual(Glob.literalPrefix(""), "")
  })

  it("A pattern on which servers differ is invalid", () => {
    assert.match(Glob.refusalOf("[é]") ?? "", /ASCII/)
    assert.match(Glob.refusalOf(`*${"a".repeat(1_025)}`) ?? "", /1024/)
    assert.match(Glob.refusalOf("*a".repeat(513)) ?? "", /1024/)
    assert.match(Glob.refusalOf(`*${`[${"ab".repeat(44)}]`.repeat(12)}`) ?? "", /1024/)
    assert.match(Glob.refusalOf(`[${"a".repeat(1_023)}]`) ?? "", /1024/)
    assert.match(Glob.refusalOf(`[${"*".repeat(1_100)}`) ?? "", /1024/)
    assert.match(Glob.refusalOf(`*${"\\a".repeat(513)}`) ?? "", /1024/)
    assert.match(Glob.refusalOf(`${"*".repeat(1_024)}a`) ?? "", /1024/)
    assert.match(Glob.refusalOf("a".repeat(131_073)) ?? "", /131072/)
    assert.match(Glob.refusalOf("a\ud800") ?? "", /surrogate/)
    assert.isUndefined(Glob.refusalOf("\\[é]"))
    assert.isUndefined(Glob.refusalOf("*".repeat(5_000)))
    assert.isUndefined(Glob.refusalOf("*a".repeat(512)))
    assert.isUndefined(Glob.refusalOf(`?${"\\*".repeat(2_000)}*`))
    assert.isUndefined(Glob.refusalOf(`${"a".repeat(5_000)}[${"a".repeat(1_022)}]**`))
    assert.isUndefined(Glob.refusalOf(`${Glob.escape("*".repeat(60_000))}*`))
  })
})
