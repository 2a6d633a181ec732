import { afterEach, beforeEach, describe, expect, inject, test, vi } from "vitest"
import { askRedis } from "../src/askRedis.ts"
import { findRedis } from "../src/findRedis.ts"
import { findServerBinary } from "../src/findServerBinary.ts"
import { RedisServer } from "../src/RedisServer.ts"

test("the run's shared Redis answers", async () => {
  expect(await askRedis(inject("redisUrl"), ["PING"])).toBe("PONG")
})

describe("findRedis", () => {
  let printed = ""

  beforeEach(() => {
    printed = ""
    vi.spyOn(process.stderr, "write").mockImplementation((text) => {
      printed += text
      return true
    })
  })

  afterEach(() => {
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
  })

  test("takes REDIS_URL, says so without its password, and leaves that server running", async () => {
    const server = await RedisServer.start({ args: ["--requirepass", "hunter2"] })
    const url = `redis://:hunter2@127.0.0.1:${server.port}`
    vi.stubEnv("REDIS_URL", url)
    const redis = await findRedis()
    await redis.stop()
    expect(redis).toMatchObject({ url, way: "url" })
    expect(await askRedis(url, ["PING"])).toBe("PONG")
    expect(printed).toMatch(
      /^redis-testkit: took REDIS_URL: (Redis|Valkey) [\d.]+ at redis:\/\/\*\*\*@127.0.0.1:\d+\n$/
    )
    await server.stop()
  })

  test("goes no further when REDIS_URL does not answer, and keeps its password to itself", async () => {
    vi.stubEnv("REDIS_URL", "redis://:hunter2@127.0.0.1:1")
    const error = await findRedis().catch((error: unknown) => error)
    expect(String(error)).toContain("url: connect ECONNREFUSED 127.0.0.1:1")
    expect(String(error) + printed).not.toContain("hunter2")
  })

  test("starts a server of its own and ends it", async () => {
    const redis = await findRedis({ only: "binary" })
    expect(await askRedis(redis.url, ["PING"])).toBe("PONG")
    await redis.stop()
    await expect(askRedis(redis.url, ["PING"])).rejects.toThrow("ECONNREFUSED")
  })

  test("takes the binary that REDIS_SERVER names, whatever is on the PATH", async () => {
    vi.stubEnv("REDIS_SERVER", await findServerBinary())
    vi.stubEnv("REDIS_URL", "")
    vi.stubEnv("PATH", "")
    const redis = await findRedis()
    await redis.stop()
    expect(redis.way).toBe("binary")
  })

  test("goes no further when REDIS_SERVER names no program", async () => {
    vi.stubEnv("REDIS_SERVER", "/nowhere/redis-server")
    vi.stubEnv("REDIS_URL", "")
    await expect(findRedis()).rejects.toThrow('binary: REDIS_SERVER is "/nowhere/redis-server": no program is there')
  })

  test("names the four ways when there is none", async () => {
    vi.stubEnv("REDIS_URL", "")
    vi.stubEnv("REDIS_SERVER", "")
    vi.stubEnv("PATH", "")
    const error = await findRedis().catch((error: unknown) => error)
    for (const way of ["REDIS_URL", "Docker engine", "redis-server or valkey-server", "apt-get"]) {
      expect(String(error)).toContain(way)
    }
  })
})
