import KeyvRedis from "@keyv/redis"
import { Cacheable } from "cacheable"
import type { Adapter } from "../src/outage/Adapter.ts"

export const open: Adapter["open"] = async (url) => {
  const secondary = new KeyvRedis(url)
  const cache = new Cacheable({ secondary })
  return {
    get: (key) => cache.get<string>(key),
    set: (key, value) => cache.set(key, value),
    close: () => cache.disconnect()
  }
}
