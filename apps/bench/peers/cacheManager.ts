import KeyvRedis from "@keyv/redis"
import { createCache } from "cache-manager"
import { CacheableMemory } from "cacheable"
import { Keyv } from "keyv"
import type { Adapter } from "../src/outage/Adapter.ts"

export const open: Adapter["open"] = async (url) => {
  const cache = createCache({
    stores: [
      new Keyv({ store: new CacheableMemory({ ttl: 60_000, lruSize: 5_000 }) }),
      new Keyv({ store: new KeyvRedis(url) })
    ]
  })
  return {
    get: (key) => cache.get<string>(key),
    set: (key, value) => cache.set(key, value),
    close: () => cache.disconnect()
  }
}
