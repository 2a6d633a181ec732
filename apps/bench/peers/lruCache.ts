import { LRUCache } from "lru-cache"
import type { Open } from "../src/memory/Subject.ts"

export const open: Open = async (maxEntries) => {
  const cache = new LRUCache<string, string>({ max: maxEntries })
  return {
    get: (keys) => {
      let hits = 0
      for (let i = 0; i < keys.length; i++) if (cache.get(keys[i] as string) !== undefined) hits++
      return hits
    },
    set: (keys, value) => {
      for (let i = 0; i < keys.length; i++) cache.set(keys[i] as string, value)
    },
    close: async () => {}
  }
}
