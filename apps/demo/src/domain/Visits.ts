/**
 * How often a city was visited.
 */
import { CacheKey, CachePort } from "@hexcache/cache-port"
import { Context, Effect, Layer, Option } from "effect"
import type { CityId } from "./City.ts"

/**
 * Counts the visits of a city in a day that begins with its first one, in the namespace `visits` of a cache that fails
 * open.
 */
export class Visits extends Context.Service<
  Visits,
  {
    /**
     * Counts a visit. Returns the number of visits of its day; none when the cache fails, and then it is not counted.
     */
    readonly count: (id: CityId) => Effect.Effect<Option.Option<number>>
  }
>()("@hexcache/demo/domain/Visits") {
  static readonly layer: Layer.Layer<Visits, never, CachePort> = Layer.effect(
    Visits,
    Effect.gen(function* () {
      const cache = CachePort.namespaced(yield* CachePort, "visits")
      return Visits.of({
        count: (id) =>
          cache.increment(CacheKey.make(id), 1, { ttl: "1 day" }).pipe(
            // A cache that fails open returns 0, which is no count of a visit.
            Effect.map(Option.liftPredicate((visits) => visits > 0)),
            // Nobody else writes in the namespace, so what is no count there is a bug.
            Effect.orDie
          )
      })
    })
  )
}
