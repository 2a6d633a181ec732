/** The eviction policy, by the hit rate of work that is known to be hard. */
import { assert, describe, it } from "@effect/vitest"
import { Store } from "../src/Store.ts"
import { between, isBefore } from "../src/Ticks.ts"
import { keysOf } from "./support/keysOf.ts"

const storeOf = (maxEntries: number) => new Store({ maxEntries, maxBytes: Infinity, weigh: () => 0 })

/** Reads keys through a cache. Returns the share of hits, from 0 to 1. */
const hitRate = (maxEntries: number, keys: Iterable<number>): number => {
  const store = storeOf(maxEntries)
  let hits = 0
  let all = 0
  for (const key of keys) {
    all++
    if (store.get(`key-${key}`, 0) !== undefined) hits++
    else store.set(`key-${key}`, "value", Infinity, 0)
  }
  return hits / all
}

const lruHitRate = (maxEntries: number, keys: Iterable<number>): number => {
  const held = new Set<number>()
  let hits = 0
  let all = 0
  for (const key of keys) {
    all++
    if (held.delete(key)) hits++
    held.add(key)
    for (const oldest of held) {
      if (held.size <= maxEntries) break
      held.delete(oldest)
    }
  }
  return hits / all
}

const numbers = (seed: number) => () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return seed / 2 ** 32
}

describe("Eviction", () => {
  it("holds on to a part of a loop that is larger than the cache", () => {
    const loop = Array.from({ length: 20_000 }, (_, step) => step % 1_000)
    assert.strictEqual(lruHitRate(200, loop), 0)
    assert.isAbove(hitRate(200, loop), 0.15)
  })

  it("keeps what is used through a scan of what is not", () => {
    const store = storeOf(100)
    const used = Array.from({ length: 50 }, (_, key) => `used-${key}`)
    for (const key of used) store.set(key, "value", Infinity, 0)
    for (let round = 0; round < 3; round++) for (const key of used) store.get(key, 0)
    for (let key = 0; key < 10_000; key++) store.set(`scanned-${key}`, "value", Infinity, 0)
    assert.strictEqual(used.filter((key) => store.has(key, 0)).length, 50)
  })

  it("does as an LRU does where that is best: each key is used twice, and not at once", () => {
    const twice = Array.from({ length: 100_000 }, (_, step) => (step % 2 === 0 ? step / 2 : (step - 1) / 2 - 300))
    const lru = lruHitRate(1_000, twice)
    assert.isAbove(lru, 0.49)
    assert.isAbove(hitRate(1_000, twice), lru - 0.01)
  })

  it("follows when all that is used changes", () => {
    const random = numbers(1)
    const skewed = (base: number) => Array.from({ length: 20_000 }, () => base + Math.floor(1_000 * random() ** 3))
    const keys = [0, 10_000, 20_000, 30_000].flatMap(skewed)
    assert.isAbove(hitRate(200, keys), lruHitRate(200, keys))
  })

  it("evicts the same for the same work", () => {
    const random = numbers(2)
    const keys = Array.from({ length: 20_000 }, () => Math.floor(2_000 * random() ** 2))
    const run = () => {
      const store = storeOf(100)
      for (const key of keys) if (store.get(`${key}`, 0) === undefined) store.set(`${key}`, "value", Infinity, 0)
      return keysOf(store)
    }
    assert.deepStrictEqual(run(), run())
  })

  it("never evicts what was just set, however few it holds", () => {
    for (const maxEntries of [1, 2, 3, 10]) {
      const store = storeOf(maxEntries)
      const random = numbers(maxEntries)
      for (let step = 0; step < 5_000; step++) {
        const key = `key-${Math.floor(20 * random() ** 2)}`
        if (random() < 0.5) store.get(key, 0)
        else {
          store.set(key, `${step}`, Infinity, 0)
          assert.strictEqual(store.get(key, 0), `${step}`)
        }
        assert.isAtMost(store.size, maxEntries)
      }
      assert.strictEqual(store.size, maxEntries)
    }
  })

  it("counts its time around the end of what an integer holds", () => {
    const last = 2 ** 31 - 1
    const next = (last + 1) | 0
    assert.isTrue(isBefore(last, next))
    assert.isFalse(isBefore(next, last))
    assert.isFalse(isBefore(last, last))
    assert.strictEqual(between(last, next), 1)
    assert.strictEqual(between(last - 5, (next + 5) | 0), 11)
  })

  it("starts afresh when it is cleared", () => {
    const store = storeOf(10)
    for (let round = 0; round < 3; round++) {
      for (let key = 0; key < 100; key++) store.set(`key-${key}`, "value", Infinity, 0)
      assert.strictEqual(store.size, 10)
      store.clear()
      assert.strictEqual(store.size, 0)
      for (let key = 0; key < 10; key++) store.set(`key-${key}`, "value", Infinity, 0)
      assert.strictEqual(store.size, 10)
    }
  })
})
