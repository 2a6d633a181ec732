import { LRUCache } from "lru-cache"
import { type Open, operation } from "../../src/speed/Contestant.ts"
import { plainLoops } from "../../src/speed/loops.ts"

/** Bare. It returns synchronously. */
export const open: Open = async ({ maxEntries }) => {
  const texts = new LRUCache<string, string>({ max: maxEntries })
  const counters = new LRUCache<string, number>({ max: maxEntries })
  const get = operation((key: string) => texts.get(key))
  const set = operation((key: string, value: string, ttl: number) => texts.set(key, value, { ttl }))
  return {
    operations: {
      get,
      set,
      getBounded: get,
      setBounded: set,
      deletePrefix: operation((_: string) => texts.clear()),
      increment: operation((key: string) => {
        const sum = (counters.get(key) ?? 0) + 1
        counters.set(key, sum)
        return sum
      })
    },
    loops: plainLoops,
    close: async () => texts.clear()
  }
}
