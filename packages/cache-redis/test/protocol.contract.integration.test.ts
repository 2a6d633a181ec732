import { CacheContract } from "@hexcache/cache-contract"
import { CacheRedis } from "@hexcache/cache-redis"
import { RedisServer } from "@hexcache/redis-testkit"
import { createClient } from "@redis/client"
import { Effect, Layer } from "effect"
import { afterAll, beforeAll } from "vitest"

const namespace = "contract"

let redis: RedisServer
let beside: ReturnType<typeof createRedisClient>

const createRedisClient = (url: string) => createClient({ url, RESP: 2 })

beforeAll(async () => {
  redis = await RedisServer.start({ args: ["--rename-command", "HELLO", ""] })
  beside = createRedisClient(redis.url)
  await beside.connect()
})
afterAll(async () => {
  beside?.destroy()
  await redis?.stop()
})

CacheContract.suite(
  "CacheRedis on a server that does not know HELLO",
  // Made when a test begins, when the server is there.
  Layer.unwrap(
    Effect.sync(() =>
      CacheRedis.layer({ url: redis.url, namespace, commandTimeout: "20 seconds", connectTimeout: "20 seconds" })
    )
  ),
  {
    time: "real",
    scale: false,
    setOtherType: (key) => Effect.promise(() => beside.rPush(`${namespace}:${key}`, "element"))
  }
)
