/** Domain code whose users come from a cache or from a database, and never from a failure. */
import { CachePort } from "@hexcache/cache-port"
import { Context, Effect, Layer, Option } from "effect"

export const ada = { id: 1, name: "Ada" }

export class Users extends Context.Service<Users, { readonly byId: (id: number) => Effect.Effect<typeof ada> }>()(
  "Users"
) {
  static readonly layer = Layer.effect(
    Users,
    Effect.map(CachePort, ({ getJson }) => ({
      byId: (id: number) =>
        Effect.match(getJson(`${id}`), {
          onFailure: () => ada,
          onSuccess: (found) => (Option.isSome(found) ? (found.value as typeof ada) : ada)
        })
    }))
  )
}
