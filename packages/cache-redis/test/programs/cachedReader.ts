/**
 * `node cachedReader.ts <url> <namespace> --readers 1000 --lease 1000 --takes 300`: when a line comes in, many fibers read
 * one key at the same time; prints how often this process looked it up, what was read, and how long it took.
 */
import { once } from "node:events"
import { parseArgs } from "node:util"
import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { Cached } from "@hexcache/cached"
import { Effect, Logger, Schedule, Schema } from "effect"

const {
  positionals: [url = "", namespace = ""],
  values: { lease, readers, takes }
} = parseArgs({
  allowPositionals: true,
  options: {
    readers: { type: "string", default: "1" },
    lease: { type: "string", default: "0" },
    takes: { type: "string", default: "0" }
  }
})

let lookups = 0

const values = Cached.make({
  namespace: "value",
  schema: Schema.String,
  lookup: (key: string) =>
    Effect.suspend(() => {
      lookups++
      if (Number(takes) > 10_000) console.log("looking up")
      return Effect.delay(Effect.succeed(`${key} of ${process.pid}`), Number(takes))
    }),
  ttl: "1 minute",
  lease: Number(lease)
})

const program = Effect.gen(function* () {
  yield* Effect.retry(
    CachePort.use(({ ping }) => ping),
    { times: 200, schedule: Schedule.spaced(20) }
  )
  console.log("ready")
  yield* Effect.promise(() => once(process.stdin, "data"))
  process.stdin.destroy()
  const start = performance.now()
  const read = yield* Effect.all(
    Array.from({ length: Number(readers) }, () => values.get("key")),
    { concurrency: "unbounded" }
  )
  return { lookups, values: Array.from(new Set(read)), millis: performance.now() - start }
})

// Long, so that a busy machine is no fault of the cache's.
const cache = CacheRedis.layer({ url, namespace, commandTimeout: "10 seconds" })

const report = program.pipe(Effect.provide(cache), Effect.provide(Logger.layer([])))

console.log(JSON.stringify(await Effect.runPromise(report)))
