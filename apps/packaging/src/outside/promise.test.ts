import { CacheMemory } from "@hexcache/cache-memory"
import { CachePromise } from "@hexcache/cache-promise"
import { expect, test } from "vitest"

test("a promise answers what was set", async () => {
  const cache = await CachePromise.open(CacheMemory.layer())
  await cache.set("greeting", "hello", { ttl: "5 minutes" })
  expect(await cache.get("greeting")).toBe("hello")
  await cache.close()
})
