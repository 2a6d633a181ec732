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
  it("escape makes any text match itself", () => {
    fc.assert(fc.property(fc.string({ unit: anyCharacter }), (text) => Glob.matches(Glob.escape(text), text)))
    fc.assert(fc.property(meaningful, (text) => Glob.matches(Glob.escape(text), text)))
  })

  it("escape makes any text match nothing else", () => {
    fc.assert(
      fc.property(meaningful, meaningful, (one, other) => Glob.matches(Glob.escape(one), other) === (one === other))
    )
  })

  it("stars and question marks mean what their definition says", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 8 })
    const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 8 })
    fc.assert(
      fc.property(letters, text, (pattern, text) => Glob.matches(pattern, text) === plainly([...pattern], [...text])),
      { numRuns: 2_000 }
    )
  })

  it("answers any pattern and any text, and agrees with itself on what is refused", () => {
    fc.assert(
      fc.property(meaningful, fc.string({ unit: anyCharacter }), (pattern, text) => {
        const compiled = Glob.compile(pattern)
        assert.strictEqual(typeof compiled === "string" ? compiled : undefined, Glob.refusalOf(pattern))
        assert.isBoolean(Glob.matches(pattern, text))
      }),
      { numRuns: 2_000 }
    )
  })

  it("takes no longer than pattern times text, where naive matching takes for ever", () => {
    assert.isFalse(Glob.matches("*a".repeat(500), "a".repeat(499) + "b".repeat(2_000)))
    assert.isTrue(Glob.matches(`${"*a".repeat(500)}*`, "a".repeat(600)))
  })

  it("begin decides as matches does, in steps of any number", () => {
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

  it("refuses what servers differ on", () => {
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
