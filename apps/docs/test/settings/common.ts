/** The setting of every page: a Redis, a program, and a database of users. */
import { CacheMemory } from "@hexcache/cache-memory"
import { CachePort } from "@hexcache/cache-port"
import { createClient } from "@redis/client"
import { Data, Effect, ManagedRuntime, Option, Schema } from "effect"
import { inject } from "vitest"

export const url = inject("redisUrl")

export const User = Schema.Struct({ id: Schema.Int, name: Schema.String })
export type User = typeof User.Type
export type UserId = number

export class DbError extends Data.TaggedError("DbError")<{}> {}

const names = new Map([
  [1, "Ada"],
  [42, "Grace"]
])

export const findUser = (id: UserId): Effect.Effect<User, DbError> =>
  Effect.sync(() => ({ id, name: names.get(id) ?? "nobody" }))

export const renameUser = (id: UserId, name: string): Effect.Effect<void, DbError> =>
  Effect.sync(() => void names.set(id, name))

export const db = { findUser, renameUser }

export const id = 1

export const Report = Schema.Struct({ id: Schema.Int, rows: Schema.Array(Schema.String) })
export const makeReport = (id: number): Effect.Effect<typeof Report.Type> => Effect.succeed({ id, rows: ["a", "b"] })

/** A program that needs a cache. */
export const program = Effect.gen(function* () {
  const cache = yield* CachePort
  yield* cache.set("greeting", "hello", { ttl: "5 minutes" })
  return Option.getOrThrow(yield* cache.get("greeting"))
})

/** A cache, and its layer. */
export const layer = CacheMemory.layer()

export const cache = ManagedRuntime.make(layer).runSync(CachePort)

export const namespace = "shop"
export const otherUrl = url
export const host = "127.0.0.1"

/** As a program has one already. Nobody connects it. */
export const client = createClient({ url })
