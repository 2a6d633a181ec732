import { CacheContract } from "@hexcache/cache-contract"
import { CacheRedis } from "@hexcache/cache-redis"
import { createClient } from "@redis/client"
import { Effect } from "effect"
import { afterAll, beforeAll, inject } from "vitest"
import { faultyServer } from "./support/faultyServer.ts"

const url = inject("redisUrl")
const namespace = "near-contract"
const nearCache = { maxEntries: 1_000 }
const beside = createClient({ url })
beforeAll(async () => {
  await beside.connect()
})
afterAll(() => beside.destroy())

const deadline = 250

/** A server of a law's own, behind a proxy that can swallow what is sent. */
const store = Effect.map(
  faultyServer,
  ({ proxy, redis }): CacheContract.Store => ({
    layer: CacheRedis.layer({ url: proxy.url, namespace, commandTimeout: deadline, nearCache }),
    deadline,
    freeze: Effect.sync(() => redis.freeze()),
    thaw: Effect.sync(() => redis.thaw()),
    kill: Effect.promise(async () => {
      await redis.kill()
      proxy.refuse()
    }),
    restart: Effect.promise(async () => {
      await redis.restart()
      await proxy.heal()
    }),
    cutOff: Effect.sync(() => proxy.blackHole()),
    reconnect: Effect.promise(() => proxy.heal())
  })
)

CacheContract.suite(
  "CacheRedis with a near cache",
  CacheRedis.layer({ url, namespace, commandTimeout: "5 seconds", nearCache }),
  {
    time: "real",
    setOtherType: (key) => Effect.promise(() => beside.rPush(`${namespace}:${key}`, "element")),
    store
  }
)
