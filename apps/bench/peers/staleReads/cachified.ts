import { type Cache, cachified, createCacheEntry, totalTtl } from "@epic-web/cachified"
import { type Open, ttl } from "../../src/staleReads/CacheProcess.ts"

/** On the shared store, with entries as JSON. */
export const open: Open = ({ lookUp, send }) => {
  const cache: Cache = {
    get: async (key) => {
      const text = await send("GET", key, (store) => store.get(key))
      return text === undefined ? undefined : JSON.parse(text)
    },
    set: (key, entry) => send("SET", key, (store) => store.set(key, JSON.stringify(entry), totalTtl(entry.metadata))),
    delete: (key) => send("DEL", key, (store) => store.delete(key))
  }
  return {
    get: (key) => cachified({ key, cache, ttl, getFreshValue: () => lookUp(key) }),
    delete: async (key) => cache.delete(key),
    set: async (key, value) => cache.set(key, createCacheEntry(value, { ttl }))
  }
}
