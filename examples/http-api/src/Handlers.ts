import type { CachePort } from "@hexcache/cache-port"
import { Effect, Option } from "effect"
import { HttpApiBuilder, HttpApiError } from "effect/http-api"
import { Api } from "./Api.ts"
import * as Products from "./Products.ts"

/** The products behind the API. The tenant of a request is the first part of its path. */
export const handlers = HttpApiBuilder.group(
  Api,
  "products",
  Effect.fnUntraced(function* (group) {
    const services = yield* Effect.context<CachePort | Products.Databases>()
    const forTenant =
      (tenant: string) =>
      <A, E>(effect: Effect.Effect<A, E, CachePort | Products.Database>) =>
        effect.pipe(Products.forTenant(tenant), Effect.provide(services))

    return group.handleAll({
      find: ({ params }) =>
        Effect.flatMap(
          Products.find(params.id),
          Option.match({ onNone: () => Effect.fail(new HttpApiError.NotFound()), onSome: Effect.succeed })
        ).pipe(forTenant(params.tenant)),
      list: ({ params, query }) => Products.list(query.shelf).pipe(forTenant(params.tenant)),
      put: ({ params: { id, tenant }, payload }) => {
        const product = { id, ...payload }
        return Effect.as(Products.put(product), product).pipe(forTenant(tenant))
      }
    })
  })
)
