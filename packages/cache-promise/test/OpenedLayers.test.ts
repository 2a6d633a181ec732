import { CacheMemory } from "@hexcache/cache-memory"
import { CacheRedis } from "@hexcache/cache-redis"
import { Layer, Logger } from "effect"
import { expect, test } from "vitest"
import { CachePromise } from "../src/index.ts"

/** A Redis at a port where nothing listens. */
const absent = Layer.provideMerge(
  CacheRedis.layer({ url: "redis://127.0.0.1:1", namespace: "absent" }),
  Logger.layer([])
)

test("with failOpen an outage is a miss, which is counted, and a Cached looks up", async () => {
  await using cache = await CachePromise.open(absent, { failOpen: true })
  expect(await cache.get("key")).toBeUndefined()
  expect(cache.hiddenFailures).toBeGreaterThan(0)
  const twice = cache.cached({ namespace: "twice", lookup: async (n: number) => 2 * n, ttl: "1 minute" })
  expect(await twice.get(21)).toBe(42)
})

test("a breaker opens after its failures, also below failOpen", async () => {
  await using cache = await CachePromise.open(absent, {
    failOpen: true,
    breaker: { failures: 1, delay: "1 hour", maxDelay: "1 hour" }
  })
  expect(cache.breakerState).toBe("closed")
  await cache.get("key")
  expect(cache.breakerState).toBe("open")
})

test("a cache without layers has no breaker and hides nothing", async () => {
  await using cache = await CachePromise.open(CacheMemory.layer())
  expect(cache.breakerState).toBeUndefined()
  expect(cache.hiddenFailures).toBe(0)
})
