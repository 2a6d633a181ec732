import { type Cache, type CacheEntry, cachified, totalTtl } from "@epic-web/cachified"
import { LRUCache } from "lru-cache"
import { type Open, operation } from "../../src/speed/Contestant.ts"
import { promiseLoops } from "../../src/speed/loops.ts"
import { lookUp } from "../../src/speed/people.ts"
import { ttl } from "../../src/speed/values.ts"

/** On lru-cache, as its guide shows. */
export const open: Open = async ({ maxEntries }) => {
  const entries = new LRUCache<string, CacheEntry>({ max: maxEntries })
  const cache: Cache = {
    set: (key, value) => entries.set(key, value, { ttl: totalTtl(value.metadata), start: value.metadata.createdTime }),
    get: (key) => entries.get(key),
    delete: (key) => entries.delete(key)
  }
  return {
    operations: {
      getOrLookUp: operation((key: string) => cachified({ key, cache, ttl, getFreshValue: () => lookUp(key) }))
    },
    loops: promiseLoops,
    close: async () => entries.clear()
  }
}
