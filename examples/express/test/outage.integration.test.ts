import { CachePromise } from "@hexcache/cache-promise"
import { CacheRedis } from "@hexcache/cache-redis"
import { RedisServer } from "@hexcache/redis-testkit"
import { assert, it } from "vitest"
import { visit } from "./visitor.ts"

it("an outage logs nobody out, keeps the page for everybody, and lets no logout be lost", async () => {
  const redis = await RedisServer.start()
  try {
    const layer = CacheRedis.layer({ url: redis.url, namespace: "example-express" })
    await using cache = await CachePromise.open(layer, { ready: "20 seconds" })
    await using visitor = await visit(cache)
    await visitor.request("POST", "/login", { user: "Ada" })
    const cookie = visitor.cookie()

    redis.freeze()
    const began = performance.now()
    assert.deepStrictEqual(await visitor.request("GET", "/"), { status: 200, text: "welcome" })
    assert.strictEqual((await visitor.request("GET", "/me")).status, 503)
    assert.strictEqual((await visitor.request("POST", "/logout")).status, 503)
    assert.strictEqual((await visitor.request("POST", "/login", { user: "Eve" })).status, 503)
    // Each waits for a deadline of 250 ms at most, or two.
    assert.isBelow(performance.now() - began, 10_000)
    assert.strictEqual(visitor.cookie(), cookie)

    redis.thaw()
    for (;;) {
      const { status, text } = await visitor.request("GET", "/me")
      if (status === 503) continue
      assert.deepStrictEqual({ status, text }, { status: 200, text: "Ada" })
      break
    }
  } finally {
    await redis.stop()
  }
})
