import { CacheRedis } from "@hexcache/cache-redis"
import { expect, test } from "vitest"
import { CachePromise, type LogLine } from "../src/index.ts"

/** A Redis at a port where nothing listens. */
const absent = CacheRedis.layer({ url: "redis://127.0.0.1:1", namespace: "absent" })

test("the logger gets the lines of the connection and of failures that reach no caller", async () => {
  const lines: Array<LogLine> = []
  await using cache = await CachePromise.open(absent, { failOpen: true, logger: (line) => void lines.push(line) })
  await cache.get("secret key")
  expect(lines).toContainEqual({
    level: "warn",
    message: "The cache fails (Unavailable), going on without it",
    fields: { code: "CACHE_CONNECTION_ERROR", operation: "get", suppressed: 0 },
    date: expect.any(Date)
  })
  await expect.poll(() => lines.filter(({ message }) => message.startsWith("cache-redis: ")).length).toBeGreaterThan(0)
  expect(JSON.stringify(lines)).not.toContain("secret")
})

test("a logger that throws fails no operation", async () => {
  const logger = () => {
    throw new Error("full")
  }
  await using cache = await CachePromise.open(absent, { failOpen: true, logger })
  expect(await cache.get("key")).toBeUndefined()
})

test("a logger that is no function is refused", async () => {
  await expect(CachePromise.open(absent, { logger: console as never })).rejects.toThrow("a logger is a function")
})
