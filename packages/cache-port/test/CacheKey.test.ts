import { CacheKey } from "@hexcache/cache-port"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

describe("CacheKey.make", () => {
  it("CacheKey.make joins parts with a colon", () => {
    assert.strictEqual(CacheKey.make("user", 42), "user:42")
    assert.strictEqual(CacheKey.make("flags", true, 10n), "flags:true:10")
    assert.strictEqual(CacheKey.make("one"), "one")
  })

  it("CacheKey.make encodes % and : inside a part", () => {
    assert.strictEqual(CacheKey.make("user", "a:b", "50%"), "user:a%3Ab:50%25")
    assert.strictEqual(CacheKey.make("%3A"), "%253A")
  })

  it("CacheKey.make makes different keys of different parts, whatever they hold", () => {
    const part = fc.string({ unit: fc.constantFrom("a", ":", "%", "3", "A", "5", "2") })
    const parts = fc.array(part, { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(parts, parts, ([a = "", ...one], [b = "", ...other]) => {
        const same = a === b && one.length === other.length && one.every((part, index) => part === other[index])
        return (CacheKey.make(a, ...one) === CacheKey.make(b, ...other)) === same
      }),
      { numRuns: 5_000 }
    )
  })
})
