import { expect, test } from "vitest"
import { best, type CountHits, hexcache, lru } from "../src/hitRate/caches.ts"

const trace = (...keys: ReadonlyArray<number>): Uint32Array => Uint32Array.from(keys)

/** Tries every choice of whom to evict. */
const bestOfAll: CountHits = (keys, entries) => {
  const from = (at: number, held: ReadonlyArray<number>): number => {
    if (at === keys.length) return 0
    const key = keys[at] as number
    if (held.includes(key)) return 1 + from(at + 1, held)
    if (held.length < entries) return from(at + 1, [...held, key])
    return Math.max(...held.map((evicted) => from(at + 1, [...held.filter((each) => each !== evicted), key])))
  }
  return from(0, [])
}

test("LRU evicts the least recently used", () => {
  expect(lru(trace(1, 2, 1, 3, 1, 2), 2)).toBe(2)
})

test("the best possible is what no choice of victims beats", () => {
  let seed = 1
  for (let run = 0; run < 200; run++) {
    const keys = Uint32Array.from({ length: 12 }, () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
      return (seed >>> 16) % 5
    })
    for (const entries of [1, 2, 3]) expect(best(keys, entries)).toBe(bestOfAll(keys, entries))
  }
})

test("the memory driver hits what it holds", () => {
  expect(hexcache(trace(1, 2, 1, 2, 3, 3), 3)).toBe(3)
})
