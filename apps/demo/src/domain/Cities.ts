/**
 * The city catalogue.
 */
import { CacheKey, type FailOpen, Glob } from "@hexcache/cache-port"
import { Context, Effect, Layer, Option } from "effect"
import { City, type CityId, CityNotFound, type CountryCode, CountryNotFound, CountryRanking } from "./City.ts"
import { CityStore } from "./CityStore.ts"
import * as ReadThrough from "./ReadThrough.ts"

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
    /** Writes a city's population and answers the city as it is then. */
    readonly setPopulation: (id: CityId, population: number) => Effect.Effect<City, CityNotFound>
  }
>()("@hexcache/demo/domain/Cities") {
  static readonly layer: Layer.Layer<Cities, never, CityStore | FailOpen> = Layer.effect(
    Cities,
    Effect.gen(function* () {
      const store = yield* CityStore

      const cities = yield* ReadThrough.make({
        namespace: "city",
        schema: City,
        ttl: "10 minutes"
      })
      const countries = yield* ReadThrough.make({
        namespace: "country",
        schema: CountryRanking,
        ttl: "1 hour"
      })

      const found = (id: CityId) => (city: Option.Option<City>) =>
        Option.match(city, { onNone: () => Effect.fail(new CityNotFound({ id })), onSome: Effect.succeed })

      return Cities.of({
        byId: (id) => Effect.flatMap(cities.get(cityKey(id), store.find(id)), found(id)),

        byIds: Effect.fnUntraced(function* (ids) {
          const idOf = new Map(ids.map((id) => [cityKey(id), id]))
          const values = yield* cities.getMany([...idOf.keys()], (missing) =>
            Effect.map(
              store.findMany(missing.flatMap((key) => idOf.get(key) ?? [])),
              (loaded) => new Map(loaded.map((city) => [cityKey(city.id), city]))
            )
          )
          return [...idOf.keys()].flatMap((key) => values.get(key) ?? [])
        }),

        largest: (country, limit) =>
          Effect.flatMap(
            countries.get(rankingKey(country, limit), store.rank(country, limit)),
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
              yield* Effect.all(
                [
                  cities.forget((cache) => cache.delete(cityKey(id))),
                  countries.forget((cache) => cache.deletePattern(rankingsOf(city.country)))
                ],
                { concurrency: 2 }
              )
              return city
            })
          )
      })
    })
  )
}

const cityKey = (id: CityId): string => CacheKey.make(id)

const rankingKey = (country: CountryCode, limit: number): string => CacheKey.make(country, limit)

/** The pattern of every `rankingKey` of a country. */
const rankingsOf = (country: CountryCode): string => `${Glob.escape(CacheKey.make(country))}:*`
