/**
 * The city catalogue.
 */
import type { CachePort } from "@hexcache/cache-port"
import { Cached } from "@hexcache/cached"
import { Context, Effect, Layer, Option } from "effect"
import { City, type CityId, CityNotFound, type CountryCode, CountryNotFound, CountryRanking } from "./City.ts"
import { CityStore } from "./CityStore.ts"

/**
 * Cities by id and by country, read through the cache. The namespaces `city` and `country` of the cache are its own.
 *
 * An update invalidates what it outdates, so that a read that begins after it never sees the old population, whatever
 * the cache does meanwhile.
 */
export class Cities extends Context.Service<
  Cities,
  {
    /** The city with this id. */
    readonly byId: (id: CityId) => Effect.Effect<City, CityNotFound>
    /** The cities that there are among these, in the order of `ids`, each once. */
    readonly byIds: (ids: ReadonlyArray<CityId>) => Effect.Effect<ReadonlyArray<City>>
    /** The `limit` largest cities of a country. */
    readonly largest: (country: CountryCode, limit: number) => Effect.Effect<CountryRanking, CountryNotFound>
    /** Writes a city's population. Returns the city as it is then. */
    readonly setPopulation: (id: CityId, population: number) => Effect.Effect<City, CityNotFound>
    /** Forgets what the cache keeps of a city. */
    readonly forget: (id: CityId) => Effect.Effect<void>
    /** Forgets what the cache keeps of every city and ranking. */
    readonly forgetAll: Effect.Effect<void>
  }
>()("@hexcache/demo/domain/Cities") {
  static readonly layer: Layer.Layer<Cities, never, CityStore | CachePort> = Layer.effect(
    Cities,
    Effect.gen(function* () {
      const store = yield* CityStore

      const cities = yield* Cached.make({
        namespace: "city",
        schema: City,
        lookup: store.find,
        lookupMany: (ids: ReadonlyArray<CityId>) =>
          Effect.map(store.findMany(ids), (found) => new Map(found.map((city) => [city.id, city]))),
        ttl: "10 minutes",
        negativeTtl: 0
      })
      const rankings = yield* Cached.make({
        namespace: "country",
        schema: CountryRanking,
        lookup: ([country, limit]: readonly [CountryCode, number]) => store.rank(country, limit),
        ttl: "1 hour",
        negativeTtl: 0,
        tags: ({ country }) => [country]
      })

      const found = (id: CityId) => (city: Option.Option<City>) =>
        Option.match(city, { onNone: () => Effect.fail(new CityNotFound({ id })), onSome: Effect.succeed })

      return Cities.of({
        byId: (id) => Effect.flatMap(cities.get(id), found(id)),

        byIds: (ids) => Effect.map(cities.getMany(ids), (found) => Array.from(found.values())),

        largest: (country, limit) =>
          Effect.flatMap(
            rankings.get([country, limit]),
            Option.match({
              onNone: () => Effect.fail(new CountryNotFound({ country })),
              onSome: Effect.succeed
            })
          ),

        setPopulation: (id, population) =>
          // Once the store has the new value the old one must be forgotten, even for a client that has gone.
          Effect.uninterruptible(
            Effect.gen(function* () {
              const city = yield* Effect.flatMap(store.setPopulation(id, population), found(id))
              yield* Effect.all([cities.invalidate(id), rankings.invalidateTag(city.country)], { concurrency: 2 })
              return city
            })
          ),

        forget: cities.invalidate,

        forgetAll: Effect.all([cities.invalidateAll, rankings.invalidateAll], { concurrency: 2, discard: true })
      })
    })
  )
}
