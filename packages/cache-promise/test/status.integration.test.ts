/** The state of the connections, to read and to watch. */
import { CacheMemory } from "@hexcache/cache-memory"
import { CacheRedis, RedisStatus } from "@hexcache/cache-redis"
import { RedisServer } from "@hexcache/redis-testkit"
import { expect, test } from "vitest"
import { CachePromise, type CacheStatus } from "../src/index.ts"
import { collect } from "./support/collect.ts"

test("the state of the connections is read and watched, and its watch ends with the cache", async () => {
  const server = await RedisServer.start()
  try {
    const layer = CacheRedis.layer({ url: server.url, namespace: "status", commandTimeout: "20 seconds" })
    const cache = await CachePromise.open(layer, { status: RedisStatus, logger: () => undefined })
    const seen: Array<CacheStatus["state"]> = []
    const watching = (async () => {
      for await (const { state } of cache.statusChanges()) seen.push(state)
    })()
    await cache.ping()
    expect(cache.status).toMatchObject({ state: "up", since: expect.any(Date) })
    expect(Object.values(cache.status?.nodes ?? {})).toMatchObject([{ state: "up" }])
    await server.kill()
    await expect.poll(() => cache.status?.state).toBe("down")
    expect(cache.status).toMatchObject({ reason: { _tag: "Unavailable" } })
    expect(cache.namespaced("part").status?.state).toBe("down")
    await server.restart()
    await expect.poll(() => cache.status?.state).toBe("up")
    await expect.poll(() => seen.at(-1)).toBe("up")
    expect(seen).toContain("down")
    await cache.close()
    await watching
    expect(cache.status?.state).toBe("down")
  } finally {
    await server.stop()
  }
})

test("a watch of the state ends with its signal's reason", async () => {
  const layer = CacheRedis.layer({ url: "redis://127.0.0.1:1", namespace: "status" })
  await using cache = await CachePromise.open(layer, { status: RedisStatus, logger: () => undefined })
  const controller = new AbortController()
  const watching = (async () => {
    for await (const _ of cache.statusChanges({ signal: controller.signal })) controller.abort(new Error("enough"))
  })()
  await expect(watching).rejects.toThrow("enough")
})

test("a cache without the option has no state, and a layer without the service is refused", async () => {
  await using cache = await CachePromise.open(CacheMemory.layer())
  expect(cache.status).toBeUndefined()
  expect(await collect(cache.statusChanges())).toEqual([])
  await expect(CachePromise.open(CacheMemory.layer(), { status: RedisStatus })).rejects.toMatchObject({
    operation: "layer",
    reason: { _tag: "InvalidArgument" }
  })
})
