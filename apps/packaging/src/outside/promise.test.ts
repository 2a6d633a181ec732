import { createRequire } from "node:module"
import { CacheMemory } from "@hexcache/cache-memory"
import { CachePromise } from "@hexcache/cache-promise"
import { expect, test } from "vitest"

test("a promise answers what was set", async () => {
  const cache = await CachePromise.open(CacheMemory.layer())
  await cache.set("greeting", "hello", { ttl: "5 minutes" })
  expect(await cache.get("greeting")).toBe("hello")
  await cache.close()
})

test("CommonJS requires the packages", async () => {
  const require = createRequire(import.meta.url)
  const required = require("@hexcache/cache-promise") as { readonly CachePromise: typeof CachePromise }
  const memory = require("@hexcache/cache-memory") as { readonly CacheMemory: typeof CacheMemory }
  const cache = await required.CachePromise.open(memory.CacheMemory.layer())
  expect(await cache.increment("visits")).toBe(1)
  await cache.close()
})
