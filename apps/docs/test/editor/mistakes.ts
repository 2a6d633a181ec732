/**
 * The mistakes that are made with `Cached.make` and `CachePromise.cached`, each with words of the message that an editor
 * shows. Compiled, and never run.
 */
import type { CachePromise } from "@hexcache/cache-promise"
import { Cached } from "@hexcache/cached"
import { Effect, Schema } from "effect"

const User = Schema.Struct({ id: Schema.Number, name: Schema.String })
interface User extends Schema.Schema.Type<typeof User> {}
const find = (id: number): Effect.Effect<User, "db"> => Effect.succeed({ id, name: "" })
const usual = { namespace: "user", schema: User, ttl: "1 minute" } as const

export const ofCached = () => {
  // @ts-expect-error: Property 'ttl' is missing
  Cached.make({ namespace: "user", schema: User, lookup: find })
  // @ts-expect-error: Property 'lookup' is missing
  Cached.make({ ...usual })
  Cached.make({
    ...usual,
    lookup: find,
    // @ts-expect-error: Did you mean to write 'staleFor'?
    stalefor: "1 hour"
  })
  Cached.make({
    ...usual,
    // @ts-expect-error: Type 'Promise<{ id: number; name: string; }>' is missing
    lookup: async (id: number) => ({ id, name: "" })
  })
  Cached.make({
    ...usual,
    // @ts-expect-error: Property 'name' is missing
    lookup: (id: number) => Effect.succeed({ id })
  })
  Cached.make({
    ...usual,
    // @ts-expect-error: Type 'Option<User>' is not assignable to type '{ readonly id: number
    lookup: (id: number) => Effect.asSome(find(id))
  })
  Cached.make({
    ...usual,
    negativeTtl: "1 minute",
    // @ts-expect-error: Type 'User' is not assignable to type 'Option<
    lookup: find
  })
  Cached.make({
    ...usual,
    // @ts-expect-error: Type '"1 fortnight"' is not assignable
    ttl: "1 fortnight",
    lookup: find
  })
  // @ts-expect-error: Property 'key' is missing
  Cached.make({ ...usual, lookup: (by: { readonly id: number }) => find(by.id) })
  Cached.make({
    ...usual,
    lookup: find,
    // @ts-expect-error: Type 'string' is not assignable to type 'readonly string[]'
    tags: (user) => user.name
  })
  Cached.make({
    ...usual,
    // @ts-expect-error: 'id' does not exist in type 'Codec<
    schema: { id: 1 },
    lookup: find
  })
}

const UserSchema = Schema.toStandardSchemaV1(User)
const findLater = async (id: number): Promise<User> => ({ id, name: "" })
const usualPromise = { namespace: "user", schema: UserSchema, ttl: "1 minute" } as const

export const ofPromises = (cache: CachePromise) => {
  // @ts-expect-error: Property 'ttl' is missing
  cache.cached({ namespace: "user", schema: UserSchema, lookup: findLater })
  // @ts-expect-error: Property 'lookup' is missing
  cache.cached({ ...usualPromise })
  cache.cached({
    ...usualPromise,
    lookup: findLater,
    // @ts-expect-error: Did you mean to write 'staleFor'?
    stalefor: "1 hour"
  })
  cache.cached({
    ...usualPromise,
    // @ts-expect-error: Property 'then' is missing in type '{ id: number; name: string; }'
    lookup: (id: number) => ({ id, name: "" })
  })
  cache.cached({
    ...usualPromise,
    // @ts-expect-error: Property 'name' is missing
    lookup: async (id: number) => ({ id })
  })
  cache.cached({
    ...usualPromise,
    // @ts-expect-error: Type 'Promise<User | undefined>' is not assignable
    lookup: async (id: number) => (id > 0 ? findLater(id) : undefined)
  })
  cache.cached({
    ...usualPromise,
    // @ts-expect-error: Type '"1 fortnight"' is not assignable
    ttl: "1 fortnight",
    lookup: findLater
  })
  // @ts-expect-error: Property 'key' is missing
  cache.cached({ ...usualPromise, lookup: (by: { readonly id: number }) => findLater(by.id) })
  cache.cached({
    ...usualPromise,
    lookup: findLater,
    // @ts-expect-error: Type 'string' is not assignable to type 'readonly string[]'
    tags: (user) => user.name
  })
  cache.cached({
    ...usualPromise,
    // @ts-expect-error: 'id' does not exist in type 'StandardSchemaV1<
    schema: { id: 1 },
    lookup: findLater
  })
}
