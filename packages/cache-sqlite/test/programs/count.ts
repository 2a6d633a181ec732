/** Increments a counter of a file, and prints when it is done: `count <path> <times>`. */
import { CachePort } from "@hexcache/cache-port"
import { Effect } from "effect"
import { CacheSqlite } from "../../src/index.ts"

const [path = "", times = ""] = process.argv.slice(2)

const program = Effect.gen(function* () {
  const cache = yield* CachePort
  for (let i = 0; i < Number(times); i++) yield* cache.increment("count")
})

Effect.runPromise(Effect.provide(program, CacheSqlite.layer({ path, commandTimeout: "20 seconds" })))
