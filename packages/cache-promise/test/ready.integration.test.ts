/** A cache that is opened once it works. */
import { CacheRedis } from "@hexcache/cache-redis"
import { RedisServer } from "@hexcache/redis-testkit"
import { Effect, Layer } from "effect"
import { afterEach, expect, test } from "vitest"
import { CacheError, CachePromise } from "../src/index.ts"

const servers: Array<RedisServer> = []

afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())))

const start = async (args: ReadonlyArray<string> = []) => {
  const server = await RedisServer.start({ args })
  servers.push(server)
  return server
}

/** Long, so that a busy machine is no fault of the cache's. */
const patient = { namespace: "test", commandTimeout: "20 seconds", connectTimeout: "20 seconds" } as const

test("a cache that is opened with `ready` works, also where the server comes up meanwhile", async () => {
  const server = await start()
  await server.kill()
  let isOpen = false
  const opening = CachePromise.open(CacheRedis.layer({ url: server.url, ...patient }), { ready: "1 minute" })
  const opened = opening.finally(() => {
    isOpen = true
  })
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(isOpen).toBe(false)
  await server.restart()
  await using cache = await opened
  expect(await cache.ping()).toBe(true)
})

test("`open` rejects when the time of `ready` is over, says why, and leaves nothing open", async () => {
  const server = await start(["--requirepass", "right"])
  let isClosed = false
  const layer = Layer.merge(
    CacheRedis.layer({ url: server.url.replace("//", "//:canary@"), ...patient }),
    Layer.effectDiscard(
      Effect.addFinalizer(() =>
        Effect.sync(() => {
          isClosed = true
        })
      )
    )
  )
  const error: unknown = await CachePromise.open(layer, { failures: "result", ready: "1 second" }).then(
    () => expect.unreachable("the cache was opened"),
    (error: unknown) => error
  )
  expect(error).toBeInstanceOf(CacheError)
  expect(error).toMatchObject({ operation: "ping", reason: { _tag: "Unavailable" }, serverCode: "WRONGPASS" })
  expect(String(error)).toContain("not ready within 1000 ms, the last attempt failed with AccessDenied")
  expect(String(error)).not.toContain("canary")
  expect(isClosed).toBe(true)
})

test("`open` without `ready` waits for no server", async () => {
  const server = await start()
  server.freeze()
  await using cache = await CachePromise.open(CacheRedis.layer({ url: server.url, ...patient }))
  server.thaw()
  expect(await cache.ping()).toBe(true)
})

test("`open` refuses a `ready` that is no time", async () => {
  const { url } = await start()
  for (const ready of [0, -1, Number.NaN, "soon" as never]) {
    await expect(CachePromise.open(CacheRedis.layer({ url, ...patient }), { ready })).rejects.toMatchObject({
      reason: { _tag: "InvalidArgument" }
    })
  }
})
