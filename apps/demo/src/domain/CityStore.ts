/**
 * The port to the slow system of record.
 */
import { Context, type Effect, type Option } from "effect"
import type { City, CityId, CountryCode, CountryRanking } from "./City.ts"

/**
 * Where the cities are kept. Correct and slow; the cache stands in front of it.
 *
 * A store that cannot answer is a defect: nothing in the catalogue can go on without it.
 */
export class CityStore extends Context.Service<
  CityStore,
  {
    /** The city; none when there is none. */
    readonly find: (id: CityId) => Effect.Effect<Option.Option<City>>
    /** The cities that there are, in one query. */
    readonly findMany: (ids: ReadonlyArray<CityId>) => Effect.Effect<ReadonlyArray<City>>
    /** The `limit` largest cities of a country, in an expensive query; none when it has no city. */
    readonly rank: (country: CountryCode, limit: number) => Effect.Effect<Option.Option<CountryRanking>>
    /** The ids of the `limit` largest cities of the world, largest first. */
    readonly largest: (limit: number) => Effect.Effect<ReadonlyArray<CityId>>
    /** Writes a population. Returns the city as it is then; none if the city does not exist. */
    readonly setPopulation: (id: CityId, population: number) => Effect.Effect<Option.Option<City>>
  }
>()("@hexcache/demo/domain/CityStore") {}
