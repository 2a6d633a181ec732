import { assert, describe, it } from "@effect/vitest"
import { SlotIndex } from "../src/SlotIndex.ts"

describe("SlotIndex", () => {
  it("finds every key, and no other, however many maps the keys take", () => {
    const index = new SlotIndex(4)
    const model = new Map<string, number>()
    for (let step = 0; step < 20_000; step++) {
      const key = `key-${Math.floor(Math.random() * 60)}`
      if (model.has(key)) {
        if (Math.random() < 0.5) {
          index.remove(key)
          model.delete(key)
        }
      } else {
        index.add(key, step)
        model.set(key, step)
      }
      assert.strictEqual(index.get(key), model.get(key))
      assert.strictEqual(index.size, model.size)
      if (step % 100 === 0)
        for (let each = 0; each < 60; each++) {
          assert.strictEqual(index.get(`key-${each}`), model.get(`key-${each}`))
        }
      if (step % 5_000 === 4_999) {
        index.clear()
        model.clear()
      }
    }
  })
})
