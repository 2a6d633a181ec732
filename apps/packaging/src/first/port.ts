/** The example of the README, whose failures are not caught. */
import { CacheKey, CachePort } from "@hexcache/cache-port"
import { Effect, Option } from "effect"
import { layer } from "./layer.ts"

const program = Effect.gen(function* () {
  const cache = yield* CachePort
  const key = CacheKey.make("greeting", "Ada")
  const known = yield* cache.get(key)
  if (Option.isSome(known)) return known.value
  yield* cache.set(key, "Hello, Ada!", { ttl: "5 minutes" })
  return "Hello, Ada!"
})

await Effect.runPromise(Effect.provide(program, layer))
