/**
 * A system of record for the tests: five cities in a map.
 */
import { Effect, Layer, Option } from "effect"
import { QueryCount } from "../../src/cities/QueryCount.ts"
import { type City, CityId, CountryCode } from "../../src/domain/City.ts"
import { CityStore } from "../../src/domain/CityStore.ts"

const city = (id: number, name: string, country: string, population: number): City => ({
  id: CityId.make(id),
  name,
  country: CountryCode.make(country),
  population,
  latitude: 0,
  longitude: 0,
  neighbours: 0
})

export const tokyo = city(1, "Tokyo", "JP", 9_000)
export const osaka = city(2, "Osaka", "JP", 3_000)
export const kyoto = city(3, "Kyoto", "JP", 1_500)
export const paris = city(4, "Paris", "FR", 2_000)
export const lyon = city(5, "Lyon", "FR", 500)

/** An id that no city has. */
export const nowhere = CityId.make(99)

/** The five cities, with the queries for them counted. */
export const layer: Layer.Layer<CityStore | QueryCount> = Layer.provide(
  QueryCount.layer,
  Layer.sync(CityStore, () => {
    const cities = new Map([tokyo, osaka, kyoto, paris, lyon].map((city) => [city.id, city]))
    const find = (id: CityId) => Option.fromUndefinedOr(cities.get(id))

    return {
      find: (id) => Effect.sync(() => find(id)),
      findMany: (ids) => Effect.sync(() => ids.flatMap((id) => cities.get(id) ?? [])),
      rank: (country, limit) =>
        Effect.sync(() => {
          const inCountry = [...cities.values()]
            .filter((city) => city.country === country)
            .sort((one, other) => other.population - one.population)
          if (inCountry.length === 0) return Option.none()
          const population = inCountry.reduce((sum, city) => sum + city.population, 0)
          const largest = inCountry
            .slice(0, limit)
            .map(({ id, name, population }) => ({ id, name, population, share: 0 }))
          return Option.some({ country, cities: inCountry.length, population, largest })
        }),
      largest: (limit) =>
        Effect.sync(() =>
          [...cities.values()]
            .sort((one, other) => other.population - one.population)
            .slice(0, limit)
            .map(({ id }) => id)
        ),
      setPopulation: (id, population) =>
        Effect.sync(() => {
          const before = cities.get(id)
          if (before !== undefined) cities.set(id, { ...before, population })
          return find(id)
        })
    }
  })
)

/** The number of queries that reached the store so far. */
export const queries: Effect.Effect<number, never, QueryCount> = QueryCount.use(({ current }) =>
  Effect.map(current, ({ queries }) => queries)
)
