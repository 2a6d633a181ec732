/**
 * The HTTP API, as types and schemas only.
 */
import { Schema, SchemaGetter } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiMiddleware } from "effect/http-api"
import { City, CityId, CountryCode, CountryRanking, Population } from "../domain/City.ts"
import { Connection } from "./CacheConnection.ts"
import { NotFound } from "./Problems.ts"
import { RateLimited } from "./RateLimited.ts"

/** City ids with commas between them, 1 to 100. */
const CityIds = Schema.String.pipe(
  Schema.decodeTo(Schema.Array(Schema.String), {
    decode: SchemaGetter.split(),
    encode: SchemaGetter.transform((ids: ReadonlyArray<string>) => ids.join(","))
  }),
  Schema.decodeTo(
    Schema.Array(Schema.NumberFromString.pipe(Schema.decodeTo(CityId))).check(
      Schema.isMinLength(1),
      Schema.isMaxLength(100)
    )
  )
)

/** The number of cities in a ranking. */
const Limit = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 }))

/** The catalogue. */
const Catalogue = HttpApiGroup.make("catalogue")
  .add(
    HttpApiEndpoint.get("city", "/cities/:id", {
      params: { id: CityId },
      success: City,
      error: NotFound
    }),
    HttpApiEndpoint.get("cities", "/cities", {
      query: { ids: CityIds },
      success: Schema.Struct({ cities: Schema.Array(City), missing: Schema.Array(CityId) })
    }),
    HttpApiEndpoint.get("largest", "/countries/:code/largest", {
      params: { code: CountryCode },
      query: { limit: Schema.optionalKey(Limit) },
      success: CountryRanking,
      error: NotFound
    }),
    HttpApiEndpoint.put("setPopulation", "/cities/:id/population", {
      params: { id: CityId },
      payload: Schema.Struct({ population: Population }),
      success: City,
      error: NotFound
    }),
    HttpApiEndpoint.post("visit", "/cities/:id/visits", {
      params: { id: CityId },
      // Null when the visit could not be counted.
      success: Schema.Struct({ visits: Schema.NullOr(Schema.Int) }),
      error: NotFound
    })
  )
  .middleware(RateLimited)

const Namespaces = Schema.Record(
  Schema.String,
  Schema.Struct({ hits: Schema.Int, misses: Schema.Int, errors: Schema.Int, hitRate: Schema.Finite })
)

/** How the service does. Not limited, so that a monitor always gets its answer. */
const Status = HttpApiGroup.make("status").add(
  HttpApiEndpoint.get("health", "/health", {
    // Always 200 while requests are answered, which needs no cache: `degraded` says that they take longer.
    success: Schema.Struct({
      status: Schema.Literals(["up", "degraded"]),
      cache: Schema.Struct({
        // `degraded`: it failed the ping but is still asked. `down`: it has failed so often that it is not asked now.
        state: Schema.Literals(["up", "degraded", "down"]),
        breaker: Schema.Literals(["closed", "open", "half-open"]),
        ping: Schema.Union([Schema.Struct({ millis: Schema.Finite }), Schema.Struct({ failed: Schema.String })]),
        // Absent where the cache is in memory.
        connection: Schema.optionalKey(Connection)
      }),
      namespaces: Namespaces
    })
  }),
  HttpApiEndpoint.get("stats", "/stats", {
    success: Schema.Struct({
      cacheFailures: Schema.Int,
      database: Schema.Struct({ queries: Schema.Int, records: Schema.Int }),
      namespaces: Namespaces
    })
  })
)

/** The whole API. Bad input is answered with 400 and the list of what is wrong. */
export class Api extends HttpApi.make("city-catalogue")
  .add(Catalogue)
  .add(Status)
  .middleware(HttpApiMiddleware.ProblemDetails) {}
