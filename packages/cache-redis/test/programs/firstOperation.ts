/** `node firstOperation.ts <url>`: uses a cache from the first moment of a process on, and prints what came of it, as JSON. */
import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { Effect, Option } from "effect"

const [url = ""] = process.argv.slice(2)

const program = Effect.gen(function* () {
  const cache = yield* CachePort
  yield* cache.set("key", "value")
  return Option.getOrUndefined(yield* cache.get("key"))
})

// Long, so that a busy machine is no fault of the cache's.
const cache = CacheRedis.layer({ url, namespace: "first", commandTimeout: "20 seconds", connectTimeout: "20 seconds" })

console.log(JSON.stringify(await Effect.runPromise(Effect.provide(program, cache))))
