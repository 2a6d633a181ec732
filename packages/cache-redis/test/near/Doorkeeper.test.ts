import { assert, describe, it } from "@effect/vitest"
import { Doorkeeper } from "../../src/near/Doorkeeper.ts"

describe("Doorkeeper", () => {
  it("knows a key when it comes again, and not before", () => {
    const doorkeeper = new Doorkeeper(10)
    assert.isFalse(doorkeeper.knows("key"))
    assert.isFalse(doorkeeper.knows("other"))
    assert.isTrue(doorkeeper.knows("key"))
    assert.isTrue(doorkeeper.knows("key"))
  })

  it("knows as many keys as it was told, and forgets those before them", () => {
    const doorkeeper = new Doorkeeper(100)
    const keys = Array.from({ length: 1_000 }, (_, index) => `key-${index}`)
    for (const key of keys) assert.isFalse(doorkeeper.knows(key), key)
    for (const key of keys.slice(-100)) assert.isTrue(doorkeeper.knows(key), key)
    assert.isFalse(doorkeeper.knows("key-0"))
  })
})
