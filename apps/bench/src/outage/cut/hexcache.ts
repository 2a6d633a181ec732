import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { ManagedRuntime, Option } from "effect"
import type { ClientModule } from "./Client.ts"

export const open: ClientModule["open"] = async (url) => {
  const runtime = ManagedRuntime.make(CacheRedis.layer({ url, namespace: "bench" }))
  const cache = await runtime.runPromise(CachePort)
  return {
    get: async (key) => Option.getOrUndefined(await runtime.runPromise(cache.get(key))),
    set: (key, value) => runtime.runPromise(cache.set(key, value)),
    increment: (key) => runtime.runPromise(cache.increment(key))
  }
}
