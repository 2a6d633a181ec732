/**
 * How often a city was visited.
 */
import { CacheKey, CachePort } from "@hexcache/cache-port"
import { Context, Effect, Layer, type Option } from "effect"
import type { CityId } from "./City.ts"
import { FailOpen } from "./FailOpen.ts"

/** Counts the visits of a city in a day that begins with its first one, in the namespace `visits` of the cache. */
export class Visits extends Context.Service<
  Visits,
  {
    /** Counts a visit and answers how many there were in its day; none when the cache fails, and then it is not counted. */
    readonly count: (id: CityId) => Effect.Effect<Option.Option<number>>
  }
>()("@hexcache/demo/domain/Visits") {
  static readonly layer: Layer.Layer<Visits, never, CachePort | FailOpen> = Layer.effect(
    Visits,
    Effect.gen(function* () {
      const cache = CachePort.namespaced(yield* CachePort, "visits")
      const failOpen = yield* FailOpen
      return Visits.of({ count: (id) => failOpen.attempt(cache.increment(CacheKey.make(id), 1, { ttl: "1 day" })) })
    })
  )
}
