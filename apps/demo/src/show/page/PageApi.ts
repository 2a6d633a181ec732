/** The API that the page uses, as types and schemas only. */
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiMiddleware, HttpApiSchema } from "effect/http-api"
import { City, CityId, Population } from "../../domain/City.ts"
import { NoOwnRedis, NotFound, RedisDidNotStart } from "../../http/Problems.ts"
import { LoadOptions } from "../watch/Load.ts"
import { Snapshot } from "../watch/Snapshot.ts"
import { SameOrigin } from "./SameOrigin.ts"

const Done = HttpApiSchema.NoContent

/** The state, and what a visitor may do. */
const Page = HttpApiGroup.make("page")
  .add(
    HttpApiEndpoint.get("state", "/state", { success: Snapshot }),
    HttpApiEndpoint.post("startLoad", "/actions/load", { payload: LoadOptions, success: Done }),
    HttpApiEndpoint.post("stopLoad", "/actions/stop", { success: Done }),
    HttpApiEndpoint.post("update", "/actions/update", {
      payload: Schema.Struct({ id: CityId, population: Population }),
      success: City,
      error: NotFound
    }),
    HttpApiEndpoint.post("invalidate", "/actions/invalidate", {
      payload: Schema.Struct({ id: CityId }),
      success: Done
    }),
    HttpApiEndpoint.post("invalidateAll", "/actions/invalidate-all", { success: Done }),
    HttpApiEndpoint.post("redis", "/actions/redis/:action", {
      params: { action: Schema.Literals(["freeze", "thaw", "kill", "restart"]) },
      success: Done,
      error: [NoOwnRedis, RedisDidNotStart]
    })
  )
  .middleware(SameOrigin)

/** The page's API. Bad input is answered with 400 and the list of what is wrong. */
export class PageApi extends HttpApi.make("city-catalogue-page")
  .add(Page)
  .middleware(HttpApiMiddleware.ProblemDetails) {}
