/** The steps of the tour; most of them run more than once. */
import { Effect, Option } from "effect"
import { Cities } from "../../domain/Cities.ts"
import { type City, CityId, CountryCode, type CountryRanking } from "../../domain/City.ts"
import { RateLimit, Verdict } from "../../domain/RateLimit.ts"
import { Visits } from "../../domain/Visits.ts"
import { count, time } from "../console/figures.ts"
import type { Step } from "./Report.ts"

const tokyoId = CityId.make(1850147)

/** Tokyo, Osaka, Nagoya, Sapporo, New York, London, Paris, Berlin, Madrid, Rome, Sydney, São Paulo. */
const twelve = [
  1850147, 1853909, 1856057, 2128295, 5128581, 2643743, 2988507, 2950159, 3117735, 3169070, 2147714, 3448439
].map((id) => CityId.make(id))

const people = ({ population }: City): string => `${count(population)} people`

/** Reads Tokyo. */
export const tokyo = (operation: string, times?: number): Step<City, Cities> => ({
  operation,
  run: Cities.use((cities) => Effect.orDie(cities.byId(tokyoId))),
  show: people,
  times
})

/** Asks for the largest cities of Japan. */
export const largestOfJapan = (operation: string, times?: number): Step<CountryRanking, Cities> => ({
  operation,
  run: Cities.use((cities) => Effect.orDie(cities.largest(CountryCode.make("JP"), 10))),
  show: ({ largest: [first] }) => (first === undefined ? "none" : `${first.name}, ${count(first.population)} people`),
  times
})

/** Reads twelve cities at once. */
export const twelveCities = (operation: string, times?: number): Step<ReadonlyArray<City>, Cities> => ({
  operation,
  run: Cities.use((cities) => cities.byIds(twelve)),
  show: (cities) => `${cities.length} cities`,
  records: twelve.length,
  times
})

/** Writes another population of Tokyo. */
export const tokyoGrows = (operation: string, population: number): Step<City, Cities> => ({
  operation,
  run: Cities.use((cities) => Effect.orDie(cities.setPopulation(tokyoId, population))),
  show: people
})

/** Counts a visit of Tokyo. */
export const visit = (operation: string, times?: number): Step<Option.Option<number>, Visits> => ({
  operation,
  run: Visits.use((visits) => visits.count(tokyoId)),
  show: Option.match({ onNone: () => "not counted", onSome: (visits) => `${count(visits)} visits` }),
  records: 0,
  times
})

/** Asks the rate limit for one client. */
export const request = (operation: string, times?: number): Step<Verdict, RateLimit> => ({
  operation,
  run: RateLimit.use((rateLimit) => rateLimit.check("192.0.2.1")),
  show: Verdict.$match({
    Allowed: () => "allowed",
    Limited: ({ retryAfter }) => `limited, again in ${time(retryAfter)}`
  }),
  records: 0,
  times
})
