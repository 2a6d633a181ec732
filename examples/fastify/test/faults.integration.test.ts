import { CachePromise } from "@hexcache/cache-promise"
import { CacheRedis } from "@hexcache/cache-redis"
import { RedisServer } from "@hexcache/redis-testkit"
import { assert, it } from "vitest"
import { makeApp } from "../src/app.ts"

it("the prices in Fastify are served while Redis is gone, to everyone", async () => {
  const redis = await RedisServer.start()
  try {
    const layer = CacheRedis.layer({ url: redis.url, namespace: "example-fastify" })
    const cache = await CachePromise.open(layer, { breaker: true, ready: "20 seconds" })
    const app = makeApp(cache, async () => 380)
    assert.strictEqual((await app.inject("/prices/tea/EUR")).statusCode, 200)

    await redis.kill()
    for (let visit = 1; visit <= 20; visit++) {
      const found = await app.inject("/prices/tea/EUR")
      assert.deepStrictEqual(found.json(), { cents: 380 })
    }
    await app.close()
  } finally {
    await redis.stop()
  }
})
