import { CacheMemory } from "@hexcache/cache-memory"
import { CachePort } from "@hexcache/cache-port"
import { Effect, ManagedRuntime, Option } from "effect"
import type { Open } from "./Subject.ts"

export const open: Open = async (maxEntries) => {
  const runtime = ManagedRuntime.make(CacheMemory.layer({ maxEntries }))
  const cache = await runtime.runPromise(CachePort)
  return {
    get: (keys) => {
      let hits = 0
      let next = 0
      runtime.runSync(
        Effect.whileLoop({
          while: () => next < keys.length,
          body: () => cache.get(keys[next++] as string),
          step: (value) => {
            if (Option.isSome(value)) hits++
          }
        })
      )
      return hits
    },
    set: (keys, value) => {
      let next = 0
      runtime.runSync(
        Effect.whileLoop({
          while: () => next < keys.length,
          body: () => cache.set(keys[next++] as string, value),
          step: () => {}
        })
      )
    },
    close: () => runtime.dispose()
  }
}
