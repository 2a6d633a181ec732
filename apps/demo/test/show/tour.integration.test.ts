import { assert, describe, it } from "@effect/vitest"
import { askRedis, RedisServer } from "@hexcache/redis-testkit"
import { inject } from "vitest"
import { runMain, startMain } from "../support/runMain.ts"

interface Connection {
  readonly state: string
  readonly since: string
  readonly reason?: string
}

interface Health {
  readonly status: string
  readonly cache: { readonly connection: Connection & { readonly nodes: Readonly<Record<string, Connection>> } }
}

describe.concurrent("the demo on Redis", () => {
  it("tours, survives the loss of Redis, and leaves nothing behind", async () => {
    const url = inject("redisUrl")
    const keysBefore = await askRedis(url, ["KEYS", "demo-*"])
    // Long, so that no read fails for a busy machine, though it is waited for once, while the server is frozen.
    const { status, stdout } = await runMain([], { CACHE: "redis", REDIS_URL: url, REDIS_TIMEOUT: "3 seconds" })
    assert.strictEqual(status, 0, stdout)
    assert.match(stdout, /Tokyo, warm +8,336,599 people +cache/, stdout)
    assert.match(stdout, /Tokyo, after the cache's deadline +14,187,176 people +database/, stdout)
    assert.match(stdout, /A visit +not counted/, stdout)
    assert.match(stdout, /Tokyo, never the old population +15,000,000 people +database/, stdout)
    assert.match(stdout, /Tokyo, warm again +15,000,000 people +cache/, stdout)
    assert.strictEqual(stdout.match(/^ +city +\d+ +\d+ +0 +9\d\.\d %$/gm)?.length, 2, stdout)
    assert.include(stdout, "Every request was answered")
    assert.deepStrictEqual(await askRedis(url, ["KEYS", "demo-*"]), keysBefore)
  })

  it("tours without Redis, from the database alone", async () => {
    const redis = await RedisServer.start()
    await redis.stop()
    const { status, stdout } = await runMain([], { CACHE: "redis", REDIS_URL: redis.url })
    assert.strictEqual(status, 0)
    assert.include(stdout, "The cache does not answer: the tour goes on without it")
    assert.match(stdout, /Tokyo, warm +8,336,599 people +database/)
    assert.include(stdout, "Every request was answered")
  })

  it("serves while Redis is frozen, killed and restarted", async () => {
    const redis = await RedisServer.start()
    const { child, ended, line } = startMain(["serve"], { CACHE: "redis", REDIS_URL: redis.url, PORT: "0" })
    try {
      const [, url] = await line(/Listening on (\S+)/)
      const city = async () => {
        const response = await fetch(`${url}/cities/1850147`)
        assert.strictEqual(response.status, 200)
        await response.body?.cancel()
      }
      const health = async () => (await (await fetch(`${url}/health`)).json()) as Health
      const node = `127.0.0.1:${redis.port}`

      await city()
      const up = await health()
      assert.strictEqual(up.status, "up")
      assert.strictEqual(up.cache.connection.state, "up")
      assert.strictEqual(up.cache.connection.nodes[node]?.state, "up")
      redis.freeze()
      const before = performance.now()
      await city()
      // The cache's deadline, the query, and what a busy machine adds.
      assert.isBelow(performance.now() - before, 5_000)
      assert.strictEqual((await health()).status, "degraded")
      await redis.kill()
      await city()
      const down = await health()
      assert.strictEqual(down.status, "degraded")
      assert.strictEqual(down.cache.connection.state, "down")
      assert.strictEqual(down.cache.connection.reason, "Unavailable")
      assert.strictEqual(down.cache.connection.nodes[node]?.reason, "Unavailable")
      assert.isAbove(Date.parse(down.cache.connection.since), Date.parse(up.cache.connection.since))
      await redis.restart()
      while ((await health()).status !== "up") await city()
      assert.strictEqual((await health()).cache.connection.state, "up")
      child.kill("SIGTERM")
      assert.strictEqual((await ended).status, 0)
    } finally {
      child.kill("SIGKILL")
      await redis.stop()
    }
  })
})
