/** Notes when each city was read from the system of record. */
import { Context, Effect, Layer } from "effect"
import type { CityId } from "../../domain/City.ts"
import { CityStore } from "../../domain/CityStore.ts"

/** Remembers when the store behind the cache has answered for a city: how old is what the cache keeps of it. */
export class LoadTimes extends Context.Service<
  LoadTimes,
  {
    /** When it last answered, in milliseconds of `performance.now()`; undefined when it never has. */
    readonly of: (id: CityId) => number | undefined
  }
>()("@hexcache/demo/cities/LoadTimes") {
  /** Wraps the store in one that notes the times. */
  static readonly layer: Layer.Layer<CityStore | LoadTimes, never, CityStore> = Layer.effectContext(
    Effect.gen(function* () {
      const store = yield* CityStore
      const times = new Map<CityId, number>()

      const timed = <A>(query: Effect.Effect<A>, ids: ReadonlyArray<CityId>): Effect.Effect<A> =>
        Effect.tap(query, () =>
          Effect.sync(() => {
            const now = performance.now()
            for (const id of ids) times.set(id, now)
          })
        )

      return Context.make(LoadTimes, { of: (id) => times.get(id) }).pipe(
        Context.add(CityStore, {
          ...store,
          find: (id) => timed(store.find(id), [id]),
          findMany: (ids) => timed(store.findMany(ids), ids)
        })
      )
    })
  )
}
