/**
 * The cities that visitors ask for.
 */
import { Context, Effect, Layer } from "effect"
import type { City, CityId } from "../../domain/City.ts"
import { CityStore } from "../../domain/CityStore.ts"

/** The largest cities of the world, as they are when the demo begins. */
export class Favourites extends Context.Service<
  Favourites,
  {
    /** A hundred, largest first. */
    readonly ids: ReadonlyArray<CityId>
    /** The first twelve of them. */
    readonly shown: ReadonlyArray<City>
  }
>()("@hexcache/demo/watch/Favourites") {
  static readonly layer: Layer.Layer<Favourites, never, CityStore> = Layer.effect(
    Favourites,
    Effect.gen(function* () {
      const store = yield* CityStore
      const ids = yield* store.largest(100)
      const found = yield* store.findMany(ids.slice(0, 12))
      return { ids, shown: found.toSorted((one, other) => other.population - one.population) }
    })
  )
}
