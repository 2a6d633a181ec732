/**
 * `node slowLookup.ts <fifo> <attempts>`: connects to a host whose look-up takes one of the process's few threads until
 * somebody writes to the pipe, as `dns.lookup` does until its server replies. Prints, as JSON, how many look-ups so
 * many attempts have begun and how long another task for a thread took meanwhile, closes the cache, and has nothing
 * left to do.
 */
import { close, open } from "node:fs"
import { stat } from "node:fs/promises"
import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { Effect, Layer, Logger } from "effect"

const [pipe = "", enough = ""] = process.argv.slice(2)

let lookups = 0
let attempts = 0

const layer = CacheRedis.layer({
  host: "cache.example",
  namespace: "test",
  connectTimeout: 20,
  backoff: { max: 25 },
  credentials: Effect.sync(() => {
    attempts++
    return { password: "none" }
  }),
  lookup: (_hostname, _options, callback) => {
    lookups++
    open(pipe, "r", (error, file) => {
      if (error === null) close(file)
      callback(error, "127.0.0.1", 4)
    })
  }
})

const program = Effect.gen(function* () {
  yield* CachePort
  while (attempts < Number(enough)) yield* Effect.sleep(5)
  const begun = performance.now()
  yield* Effect.promise(() => stat(pipe))
  return { lookups, waited: performance.now() - begun }
})

console.log(
  JSON.stringify(await Effect.runPromise(Effect.provide(program, Layer.provideMerge(layer, Logger.layer([])))))
)
