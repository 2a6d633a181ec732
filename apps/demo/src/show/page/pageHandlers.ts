/**
 * The page's API over HTTP.
 */
import { Effect, Option } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Cities } from "../../domain/Cities.ts"
import { orNotFound } from "../../http/catalogueHandlers.ts"
import { NoOwnRedis, RedisDidNotStart } from "../../http/Problems.ts"
import { OwnRedis } from "../redis/OwnRedis.ts"
import { Load } from "../watch/Load.ts"
import { Snapshots } from "../watch/Snapshot.ts"
import { PageApi } from "./PageApi.ts"

/** The handlers of the group `page`. */
export const pageHandlers = HttpApiBuilder.group(
  PageApi,
  "page",
  Effect.fnUntraced(function* (handlers) {
    const cities = yield* Cities
    const load = yield* Load
    const ownRedis = yield* Effect.serviceOption(OwnRedis)
    const snapshots = yield* Snapshots

    return handlers.handleAll({
      state: () => snapshots.take,
      startLoad: ({ payload }) => load.start(payload),
      stopLoad: () => load.stop,
      update: ({ payload }) => orNotFound(cities.setPopulation(payload.id, payload.population)),
      invalidate: ({ payload }) => cities.forget(payload.id),
      invalidateAll: () => cities.forgetAll,
      redis: ({ params }) =>
        Option.match(ownRedis, {
          onNone: () =>
            Effect.fail(new NoOwnRedis({ detail: "The demo has no Redis of its own: pnpm demo serve --redis" })),
          onSome: (redis) =>
            Effect.mapError(redis[params.action], ({ message }) => new RedisDidNotStart({ detail: message }))
        })
    })
  })
)
