import { CachePromise } from "@hexcache/cache-promise"
import { CacheRedis } from "@hexcache/cache-redis"
import { RedisServer } from "@hexcache/redis-testkit"
import { assert, it } from "vitest"
import { makeApp } from "../src/app.ts"
import { countedArticles } from "./support/countedArticles.ts"

it("the articles in Hono are served while Redis stands still, with what was written meanwhile", async () => {
  const redis = await RedisServer.start()
  try {
    const layer = CacheRedis.layer({ url: redis.url, namespace: "example-hono" })
    await using cache = await CachePromise.open(layer, { failOpen: true, breaker: true, ready: "20 seconds" })
    const app = makeApp(cache, countedArticles())
    assert.strictEqual((await app.request("/articles/1")).status, 200)

    redis.freeze()
    const began = performance.now()
    await app.request("/articles/1", { method: "PUT", body: JSON.stringify({ title: "On outages" }) })
    const found = await app.request("/articles/1")
    assert.deepStrictEqual(await found.json(), { id: "1", title: "On outages" })
    // A write and a read wait for a deadline of 250 ms each at most.
    assert.isBelow(performance.now() - began, 10_000)
    assert.isAbove(cache.hiddenFailures, 0)
  } finally {
    await redis.stop()
  }
})
