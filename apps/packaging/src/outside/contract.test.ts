import { CacheContract } from "@hexcache/cache-contract"
import { CacheMemory } from "@hexcache/cache-memory"
import { CacheRedis } from "@hexcache/cache-redis"

const url = process.env.REDIS_URL ?? ""

CacheContract.suite("memory", CacheMemory.layer(), { time: "TestClock", scale: false })
CacheContract.suite("Redis", CacheRedis.layer({ url, namespace: "contract", commandTimeout: "5 seconds" }), {
  time: "real",
  scale: false
})
