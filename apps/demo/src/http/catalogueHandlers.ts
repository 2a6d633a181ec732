/**
 * The catalogue over HTTP.
 */
import { Effect, Option } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Cities } from "../domain/Cities.ts"
import type { CityNotFound, CountryNotFound } from "../domain/City.ts"
import { Visits } from "../domain/Visits.ts"
import { Api } from "./Api.ts"
import { NotFound } from "./Problems.ts"

/** The handlers of the group `catalogue`. */
export const catalogueHandlers = HttpApiBuilder.group(
  Api,
  "catalogue",
  Effect.fnUntraced(function* (handlers) {
    const cities = yield* Cities
    const visits = yield* Visits

    return handlers.handleAll({
      city: ({ params }) => orNotFound(cities.byId(params.id)),

      cities: Effect.fnUntraced(function* ({ query }) {
        const found = yield* cities.byIds(query.ids)
        const ids = new Set(found.map((city) => city.id))
        return { cities: found, missing: query.ids.filter((id) => !ids.has(id)) }
      }),

      largest: ({ params, query }) => orNotFound(cities.largest(params.code, query.limit ?? 10)),

      setPopulation: ({ params, payload }) => orNotFound(cities.setPopulation(params.id, payload.population)),

      visit: Effect.fnUntraced(function* ({ params }) {
        const city = yield* orNotFound(cities.byId(params.id))
        return { visits: Option.getOrNull(yield* visits.count(city.id)) }
      })
    })
  })
)

/** Turns a missing city or country into 404. */
export const orNotFound = <A>(found: Effect.Effect<A, CityNotFound | CountryNotFound>): Effect.Effect<A, NotFound> =>
  Effect.mapError(
    found,
    (error) =>
      new NotFound({
        detail: error._tag === "CityNotFound" ? `No city has the id ${error.id}` : `No city lies in ${error.country}`
      })
  )
