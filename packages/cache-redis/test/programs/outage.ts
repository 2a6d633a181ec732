/**
 * `node outage.ts --seconds 60`: an outage at full load, once by a black hole and once by a killed server, and how much
 * memory grows meanwhile, as a table.
 */

import { parseArgs } from "node:util"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { FaultProxy, RedisServer } from "@hexcache/redis-testkit"
import { Effect, Fiber, Logger } from "effect"

const { values } = parseArgs({ options: { seconds: { type: "string", default: "60" } } })
const seconds = Number(values.seconds)

/** The most that memory may grow by, in bytes. */
const bound = 10_000_000

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

/** Bytes in use once garbage is collected. */
const inUse = (): number => {
  collect()
  const { external, heapUsed } = process.memoryUsage()
  return heapUsed + external
}

const outage = (name: string, begin: (server: RedisServer, proxy: FaultProxy) => Promise<void>) =>
  Effect.gen(function* () {
    const server = yield* Effect.acquireRelease(
      Effect.promise(() => RedisServer.start()),
      (server) => Effect.promise(() => server.stop())
    )
    const proxy = yield* Effect.acquireRelease(
      Effect.promise(() => FaultProxy.start(server.port)),
      (proxy) => Effect.promise(() => proxy.stop())
    )
    const load = Effect.gen(function* () {
      const cache = yield* CachePort
      let operations = 0
      let isOver = false
      const ask = Effect.gen(function* () {
        while (!isOver) {
          yield* Effect.ignore(cache.set("key", "v".repeat(1_000)))
          yield* Effect.ignore(cache.get("key"))
          yield* Effect.ignore(cache.increment("count"))
          operations += 3
          yield* Effect.sleep(1)
        }
      })
      const fibers = yield* Effect.forEach(Array.from({ length: 100 }), () => Effect.forkChild(ask))
      yield* Effect.sleep(1_000)
      const before = inUse()
      operations = 0
      yield* Effect.promise(() => begin(server, proxy))
      let most = before
      for (let second = 0; second < seconds; second++) {
        yield* Effect.sleep(1_000)
        most = Math.max(most, inUse())
      }
      isOver = true
      yield* Effect.forEach(fibers, Fiber.join)
      return { name, operations, growth: most - before }
    })
    return yield* Effect.provide(load, CacheRedis.layer({ url: proxy.url, namespace: "outage" }))
  })

const outages = Effect.all([
  outage("black hole", async (_, proxy) => proxy.blackHole()),
  outage("killed", async (server) => {
    await server.kill()
  })
])

/** Ends a run that hangs, and names what holds it. */
const limit = setTimeout(
  () => {
    console.error(`hangs, held by ${process.getActiveResourcesInfo().join(", ")}`)
    process.exit(1)
  },
  (2 * seconds + 60) * 1_000
)
limit.unref()

const rows = await Effect.runPromise(Effect.scoped(outages).pipe(Effect.provide(Logger.layer([]))))
console.log(`| outage of ${seconds} s at full load | operations | memory grows by at most |\n|---|---|---|`)
for (const { growth, name, operations } of rows) {
  console.log(`| ${name} | ${operations.toLocaleString("en")} | ${(growth / 1e6).toFixed(1)} MB |`)
}
if (rows.some(({ growth }) => growth >= bound)) process.exitCode = 1
