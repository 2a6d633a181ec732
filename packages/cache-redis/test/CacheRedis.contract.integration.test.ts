import { CacheContract } from "@hexcache/cache-contract"
import { CacheRedis } from "@hexcache/cache-redis"
import { createClient } from "@redis/client"
import { Effect } from "effect"
import { afterAll, beforeAll, inject } from "vitest"

const url = inject("redisUrl")
const namespace = "contract"
const beside = createClient({ url })
beforeAll(async () => {
  await beside.connect()
})
afterAll(() => beside.destroy())

CacheContract.suite("CacheRedis", CacheRedis.layer({ url, namespace, commandTimeout: "5 seconds" }), {
  time: "real",
  setOtherType: (key) => Effect.promise(() => beside.rPush(`${namespace}:${key}`, "element"))
})
