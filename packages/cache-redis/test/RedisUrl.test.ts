import { inspect } from "node:util"
import { assert, describe, it } from "vitest"
import * as RedisUrl from "../src/RedisUrl.ts"

describe("RedisUrl.parse", () => {
  it("reads every part", () => {
    const host = "cache.example"
    assert.deepStrictEqual(RedisUrl.parse("redis://cache.example"), { socket: { host, port: 6379 } })
    assert.deepStrictEqual(RedisUrl.parse("redis://cache.example:7000/5"), {
      database: 5,
      socket: { host, port: 7000 }
    })
    assert.deepStrictEqual(RedisUrl.parse("redis://cache.example/"), { socket: { host, port: 6379 } })
    assert.deepStrictEqual(RedisUrl.parse("rediss://:p%40ss@cache.example"), {
      password: "p@ss",
      socket: { host, port: 6379, tls: true }
    })
    assert.deepStrictEqual(RedisUrl.parse("redis://us%3Aer:pa%2Fss@[::1]:7000"), {
      username: "us:er",
      password: "pa/ss",
      socket: { host: "::1", port: 7000 }
    })
    assert.deepStrictEqual(RedisUrl.parse("valkey://us%3Aer:p%40ss@cache.example/5"), {
      username: "us:er",
      password: "p@ss",
      database: 5,
      socket: { host, port: 6379 }
    })
    assert.deepStrictEqual(RedisUrl.parse("valkeys://cache.example:7000"), { socket: { host, port: 7000, tls: true } })
    assert.deepStrictEqual(RedisUrl.parse("unix:///run/redis.sock"), {
      socket: { path: "/run/redis.sock", tls: false }
    })
    assert.deepStrictEqual(RedisUrl.parse("unix://user:secret@/run/redis.sock?db=3"), {
      username: "user",
      password: "secret",
      database: 3,
      socket: { path: "/run/redis.sock", tls: false }
    })
  })

  it("refuses what is no URL of Redis, and quotes nothing of it", () => {
    const canary = "canary-7f3a"
    for (const url of [
      undefined,
      5,
      null,
      "",
      "localhost",
      canary,
      `http://${canary}`,
      `redis://`,
      `valkeyss://${canary}`,
      `valkey+tls://${canary}`,
      `redis:///${canary}`,
      `redis://:${canary}@`,
      `redis://:${canary}@host:99999`,
      `redis://:${canary}@host/x`,
      `redis://:${canary}@host/-1`,
      `redis://:${canary}@host/1/2`,
      `redis://:${canary}@host?x=1`,
      `redis://:${canary}%@host`,
      `unix://${canary}`,
      `unix://user:${canary}@/`,
      `unix:///run/redis.sock?db=${canary}`,
      `redis://${canary}:6379:6379`
    ]) {
      try {
        RedisUrl.parse(url)
        assert.fail(`${String(url)} is taken`)
      } catch (error) {
        assert.instanceOf(error, RangeError)
        assert.notInclude(inspect(error, { showHidden: true, depth: 9 }), canary)
      }
    }
  })
})
