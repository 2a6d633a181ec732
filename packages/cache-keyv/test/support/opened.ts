import { setTimeout as sleep } from "node:timers/promises"
import type { CachePort } from "@hexcache/cache-port"
import { CachePromise } from "@hexcache/cache-promise"
import type { Layer } from "effect"

/** Opens a cache, and waits until it works. */
export const opened = async (layer: Layer.Layer<CachePort, unknown>): Promise<CachePromise> => {
  const cache = await CachePromise.open(layer)
  await answering(cache)
  return cache
}

/** Resolves once the cache works. */
export const answering = async (cache: CachePromise): Promise<void> => {
  for (let attempt = 1; ; attempt++) {
    try {
      await cache.ping()
      return
    } catch (error) {
      if (attempt === 1_500) throw error
      await sleep(20)
    }
  }
}
