import { CacheKeyv } from "@hexcache/cache-keyv"
import { CacheRedis } from "@hexcache/cache-redis"
import Keyv from "keyv"
import type { Adapter } from "../Adapter.ts"

export const open: Adapter["open"] = async (url) => {
  const keyv = new Keyv({ store: await CacheKeyv.open(CacheRedis.layer({ url, namespace: "bench" })) })
  return {
    get: (key) => keyv.get<string>(key),
    set: (key, value) => keyv.set(key, value),
    close: () => keyv.disconnect()
  }
}
