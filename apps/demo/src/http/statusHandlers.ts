/**
 * Health and figures over HTTP.
 */
import { CachePort } from "@hexcache/cache-port"
import { Duration, Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { QueryCount } from "../cities/QueryCount.ts"
import { catalogueStats } from "../domain/catalogueStats.ts"
import { FailOpen } from "../domain/FailOpen.ts"
import { Api } from "./Api.ts"

/** The handlers of the group `status`. */
export const statusHandlers = HttpApiBuilder.group(
  Api,
  "status",
  Effect.fnUntraced(function* (handlers) {
    const cache = yield* CachePort
    const failOpen = yield* FailOpen
    const queryCount = yield* QueryCount

    const namespaces = Effect.map(catalogueStats, (stats) => Object.fromEntries(stats))

    return handlers.handleAll({
      health: () =>
        Effect.gen(function* () {
          const state = yield* Effect.match(Effect.timed(cache.ping), {
            onFailure: (error) => ({ state: "down" as const, reason: error.reason._tag }),
            onSuccess: ([took]) => ({ state: "up" as const, pingMillis: Duration.toMillis(took) })
          })
          return {
            status: state.state === "up" ? ("ok" as const) : ("degraded" as const),
            cache: state,
            namespaces: yield* namespaces
          }
        }),

      stats: () =>
        Effect.all({
          cacheFailures: failOpen.failures,
          database: queryCount.current,
          namespaces
        })
    })
  })
)
