import { assert, describe, it } from "vitest"
import { DistinctKeys } from "../../src/internal/DistinctKeys.ts"

describe("DistinctKeys", () => {
  it("A set of keys takes each key once, however many Sets it consists of", () => {
    const keys = new DistinctKeys(4)
    const seen = new Set<string>()
    for (let step = 0; step < 5_000; step++) {
      const key = `key-${Math.floor(Math.random() * 300)}`
      assert.strictEqual(keys.add(key), !seen.has(key))
      seen.add(key)
    }
  })
})
