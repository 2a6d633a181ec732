/** Counts the queries of the system of record. */
import { Context, Effect, Layer } from "effect"
import { CityStore } from "../domain/CityStore.ts"

/** Counts the queries that reach the store behind the cache: what the cache is there to spare. */
export class QueryCount extends Context.Service<
  QueryCount,
  {
    /** The number of queries, and the number of records in them. */
    readonly current: Effect.Effect<{ readonly queries: number; readonly records: number }>
  }
>()("@hexcache/demo/cities/QueryCount") {
  /** Wraps the store in one that counts. */
  static readonly layer: Layer.Layer<CityStore | QueryCount, never, CityStore> = Layer.effectContext(
    Effect.gen(function* () {
      const store = yield* CityStore
      let queries = 0
      let records = 0

      const counted = <A>(query: Effect.Effect<A>, asked = 1): Effect.Effect<A> =>
        Effect.suspend(() => {
          queries++
          records += asked
          return query
        })

      return Context.make(QueryCount, { current: Effect.sync(() => ({ queries, records })) }).pipe(
        Context.add(CityStore, {
          find: (id) => counted(store.find(id)),
          findMany: (ids) => counted(store.findMany(ids), ids.length),
          rank: (country, limit) => counted(store.rank(country, limit)),
          largest: (limit) => counted(store.largest(limit)),
          setPopulation: (id, population) => counted(store.setPopulation(id, population))
        })
      )
    })
  )
}
