/**
 * Health and figures over HTTP.
 */
import { Breaker, FailOpen } from "@hexcache/cache-layers"
import { CachePort } from "@hexcache/cache-port"
import { Duration, Effect, Option, Result } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { QueryCount } from "../cities/QueryCount.ts"
import { catalogueStats } from "../domain/catalogueStats.ts"
import { Api } from "./Api.ts"
import { CacheConnection } from "./CacheConnection.ts"

/** The handlers of the group `status`. */
export const statusHandlers = HttpApiBuilder.group(
  Api,
  "status",
  Effect.fnUntraced(function* (handlers) {
    const cache = yield* CachePort
    const { failures } = yield* FailOpen
    const { state: breakerState } = yield* Breaker
    const queryCount = yield* QueryCount
    const connection = yield* Effect.serviceOption(CacheConnection)

    const namespaces = Effect.map(catalogueStats, (stats) => Object.fromEntries(stats))

    return handlers.handleAll({
      health: () =>
        Effect.gen(function* () {
          const ping = yield* Effect.result(Effect.timed(cache.ping))
          // Asked afterwards, since the ping may be what closes the breaker or opens it.
          const breaker = yield* breakerState
          const connected = Option.isSome(connection) ? { connection: yield* connection.value.current } : {}
          const state = breaker !== "closed" ? "down" : Result.isSuccess(ping) ? "up" : "degraded"
          return {
            status: state === "up" ? ("up" as const) : ("degraded" as const),
            cache: {
              state,
              breaker,
              ping: Result.match(ping, {
                onSuccess: ([took]) => ({ millis: Duration.toMillis(took) }),
                onFailure: ({ reason }) => ({ failed: reason._tag })
              }),
              ...connected
            },
            namespaces: yield* namespaces
          } as const
        }),

      stats: () =>
        Effect.all({
          cacheFailures: failures,
          database: queryCount.current,
          namespaces
        })
    })
  })
)
