/** Promises on a Redis that is frozen: calls taken back, and what happens on close. */
import { execFile } from "node:child_process"
import { getEventListeners } from "node:events"
import { promisify } from "node:util"
import { CacheRedis } from "@hexcache/cache-redis"
import { RedisServer } from "@hexcache/redis-testkit"
import { afterEach, expect, test } from "vitest"
import { type CacheError, type CacheFailures, CachePromise, type CacheResult } from "../src/index.ts"
import { collect } from "./support/collect.ts"

/** A deadline in milliseconds, long enough to distinguish a call that ends before it from one that waits for it. */
const deadline = 5_000

const servers: Array<RedisServer> = []

afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())))

/** Starts a server of the test's own and a cache on it, and waits until the cache works. */
const start = async <const Failures extends CacheFailures = "throw">(
  failures?: Failures,
  commandTimeout = deadline
) => {
  const server = await RedisServer.start()
  servers.push(server)
  const layer = CacheRedis.layer({ url: server.url, namespace: "test", commandTimeout })
  const cache = await CachePromise.open<Failures>(layer, { failures })
  const isReady = async () => {
    const answer: unknown = await cache.ping().catch(() => false)
    return answer === true || (answer as CacheResult<true>).ok
  }
  await expect.poll(isReady, { timeout: 60_000 }).toBe(true)
  return { cache, server }
}

test("a call that is taken back rejects with the signal's reason at once, and leaves no listener", async () => {
  const { cache, server } = await start()
  server.freeze()
  const controller = new AbortController()
  const { signal } = controller
  const asked = [
    cache.get("key", { signal }),
    cache.set("key", "value", { signal }),
    cache.getMany(["a", "b"], { signal }),
    collect(cache.scan("*", { signal }))
  ]
  const settled = Promise.allSettled(asked)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(getEventListeners(signal, "abort").length).toBeGreaterThan(0)
  const from = performance.now()
  controller.abort(new Error("not needed any more"))
  for (const outcome of await settled) expect(outcome).toMatchObject({ reason: { message: "not needed any more" } })
  // Well before the deadline.
  expect(performance.now() - from).toBeLessThan(deadline / 2)
  expect(getEventListeners(signal, "abort")).toEqual([])
  await cache.close()
})

test("a call that was taken back before it is made asks nothing, and rejects where failures are results too", async () => {
  const { cache } = await start("result")
  const signal = AbortSignal.abort(new Error("too late"))
  await expect(cache.set("key", "value", { signal })).rejects.toThrow("too late")
  await expect(collect(cache.scan("*", { signal }))).rejects.toThrow("too late")
  expect(await cache.get("key")).toEqual({ ok: true, value: undefined })
  await cache.close()
})

test("a signal that never fires changes nothing, and is left without a listener", async () => {
  const { cache } = await start()
  const { signal } = new AbortController()
  await cache.set("key", "value", { signal })
  expect(await cache.get("key", { signal })).toBe("value")
  expect(await collect(cache.scan("*", { signal }))).toEqual(["key"])
  await expect(cache.get("", { signal })).rejects.toThrow("InvalidArgument")
  expect(getEventListeners(signal, "abort")).toEqual([])
  await cache.close()
})

test("a scan that is left early, or taken back in the middle, ends", async () => {
  const { cache } = await start()
  await cache.setMany(Array.from({ length: 5_000 }, (_, index) => [`key-${index}`, "value"]))
  for await (const key of cache.scan("*")) {
    expect(key).toMatch(/^key-/)
    break
  }
  const controller = new AbortController()
  let seen = 0
  const scanning = (async () => {
    for await (const _ of cache.scan("*", { signal: controller.signal })) {
      if (++seen === 10) controller.abort(new Error("enough"))
    }
  })()
  await expect(scanning).rejects.toThrow("enough")
  expect(seen).toBe(10)
  await cache.close()
})

test("a frozen server fails the operation by its deadline, as a rejection or as a result", async () => {
  const { cache, server } = await start("result", 1_000)
  server.freeze()
  const answer = await cache.get("key")
  expect(answer).toMatchObject({ ok: false, error: { reason: { _tag: "TimedOut" } } })
  const [failed, ...rest] = await collect(cache.scan("*"))
  expect(failed).toMatchObject({ ok: false, error: { operation: "scan" } })
  expect(rest).toEqual([])
  await cache.close()
})

test("close ends what is in flight, under a frozen server too, and is done once", async () => {
  const { cache, server } = await start()
  server.freeze()
  const asked = cache.get("key").catch((error: CacheError) => error.reason._tag)
  await new Promise((resolve) => setTimeout(resolve, 20))
  const from = performance.now()
  await Promise.all([cache.close(), cache[Symbol.asyncDispose]()])
  expect(["Unavailable", "ConnectionLost"]).toContain(await asked)
  // Before the deadline of what is in flight.
  expect(performance.now() - from).toBeLessThan(deadline / 2)
  await expect(cache.get("key")).rejects.toThrow("Unavailable")
})

test("a process ends by itself once its cache is closed", async () => {
  const { cache, server } = await start()
  await cache.close()
  const program = new URL("./programs/useAndClose.ts", import.meta.url).pathname
  const { stdout } = await promisify(execFile)(process.execPath, [program, server.url], { timeout: 100_000 })
  expect(stdout).toBe("hello\n")
})
