/** More keys in one call than a cache lets wait. */
import { CachePromise } from "@hexcache/cache-promise"
import { CacheRedis } from "@hexcache/cache-redis"
import { RedisServer } from "@hexcache/redis-testkit"
import { expect, test } from "vitest"
import { CacheKeyv } from "../src/index.ts"
import { answering } from "./support/opened.ts"

test("hasMany, and setMany with a time to live each, of more keys than may wait, do each of them", async () => {
  const server = await RedisServer.start()
  const url = server.url
  const cache = await CachePromise.open(
    CacheRedis.layer({ url, namespace: "test", commandTimeout: "5 seconds", maxPending: 100 })
  )
  try {
    await answering(cache)
    const store = new CacheKeyv(cache)
    const errors: Array<unknown> = []
    store.on("error", (error) => errors.push(error))
    const entries = Array.from({ length: 1_000 }, (_, index) => ({
      key: `key-${index}`,
      value: `${index}`,
      ttl: 60_000 + index
    }))
    const keys = entries.map(({ key }) => key)
    expect(await store.setMany(entries)).toEqual(entries.map(() => true))
    expect(await store.hasMany([...keys, "absent"])).toEqual([...entries.map(() => true), false])
    expect(await store.getMany(keys)).toEqual(entries.map(({ value }) => value))
    expect(errors).toEqual([])
  } finally {
    await cache.close()
    await server.stop()
  }
})
