/**
 * The catalogue's model.
 */
import { Data, Schema } from "effect"

/** GeoNames's number of a city. */
export const CityId = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 2 ** 31 - 1 })).pipe(
  Schema.brand("CityId")
)
export type CityId = typeof CityId.Type

/** Two capital letters of ISO 3166, such as `JP`. */
export const CountryCode = Schema.String.check(Schema.isPattern(/^[A-Z]{2}$/)).pipe(Schema.brand("CountryCode"))
export type CountryCode = typeof CountryCode.Type

/** A number of inhabitants. */
export const Population = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000_000 }))

/** A city. */
export const City = Schema.Struct({
  id: CityId,
  name: Schema.String,
  country: CountryCode,
  population: Population,
  latitude: Schema.Finite,
  longitude: Schema.Finite,
  /** The number of other cities within 50 km. */
  neighbours: Schema.Int
})
export interface City extends Schema.Schema.Type<typeof City> {}

/** A city among the largest of its country. */
export const RankedCity = Schema.Struct({
  id: CityId,
  name: Schema.String,
  population: Population,
  /** Percent of all the country's city dwellers. */
  share: Schema.Finite
})
export interface RankedCity extends Schema.Schema.Type<typeof RankedCity> {}

/** The cities of a country taken together, and the largest of them, largest first. */
export const CountryRanking = Schema.Struct({
  country: CountryCode,
  /** The number of the country's cities. */
  cities: Schema.Int,
  /** The number of people who live in them. */
  population: Schema.Int,
  largest: Schema.Array(RankedCity)
})
export interface CountryRanking extends Schema.Schema.Type<typeof CountryRanking> {}

/** No city has this id. */
export class CityNotFound extends Data.TaggedError("CityNotFound")<{ readonly id: CityId }> {}

/** No city lies in this country. */
export class CountryNotFound extends Data.TaggedError("CountryNotFound")<{ readonly country: CountryCode }> {}
