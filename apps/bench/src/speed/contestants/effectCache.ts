import { Cache, Effect, Option } from "effect"
import { type Open, operation, reading } from "../Contestant.ts"
import { effectLoops } from "../effectLoops.ts"
import { lookUp } from "../people.ts"
import { ttl } from "../values.ts"

/** Effect's Cache in memory. Its times to live belong to the cache. */
export const open: Open = async ({ maxEntries }) => {
  const cache = await Effect.runPromise(
    Cache.make({ capacity: maxEntries, timeToLive: ttl, lookup: (_: string) => Effect.succeed("looked up") })
  )
  const people = await Effect.runPromise(
    Cache.make({ capacity: maxEntries, timeToLive: ttl, lookup: (key: string) => Effect.sync(() => lookUp(key)) })
  )
  const get = reading((key: string) => Cache.getOption(cache, key), Option.getOrUndefined)
  const set = operation((key: string, value: string, _: number) => Cache.set(cache, key, value))
  return {
    operations: {
      get,
      set,
      getBounded: get,
      setBounded: set,
      getOrLookUp: operation((key: string) => Cache.get(people, key))
    },
    loops: effectLoops((loops) => Effect.runPromise(loops)),
    close: () => Effect.runPromise(Cache.invalidateAll(cache))
  }
}
