/** The types of `CachePromise.cached`, and the mistakes that they refuse. */
import { expectTypeOf, test } from "vitest"
import { z } from "zod"
import type { CachedKey, CachedPromise, CachePromise } from "../src/index.ts"

const User = z.object({ id: z.number(), name: z.string() })
type User = z.infer<typeof User>

const find = async (id: number): Promise<User> => ({ id, name: "" })
const usual = { namespace: "user", schema: User, ttl: "1 minute" } as const

test("the types of cached follow from the schema and the lookup, also where that takes the previous value", () => {
  const views = (cache: CachePromise) => {
    expectTypeOf(cache.cached({ ...usual, lookup: find })).toEqualTypeOf<CachedPromise<number, User>>()
    const conditional = cache.cached({
      ...usual,
      lookup: async (id: number, { previous, signal }) => {
        expectTypeOf(previous).toEqualTypeOf<User | undefined>()
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
        return previous ?? find(id)
      },
      ttl: (user, id) => user.id + id,
      tags: (user, id) => [user.name + id.toFixed()]
    })
    expectTypeOf(conditional).toEqualTypeOf<CachedPromise<number, User>>()
    const optional = cache.cached({
      ...usual,
      negativeTtl: "1 minute",
      lookup: async (id: number) => (id > 0 ? find(id) : undefined)
    })
    expectTypeOf(optional).toEqualTypeOf<CachedPromise<number, User, User | undefined>>()
    const many = cache.cached({
      ...usual,
      lookupMany: async (ids: ReadonlyArray<number>, { previous }) => {
        expectTypeOf(previous).toEqualTypeOf<ReadonlyMap<number, User>>()
        return ids.map((id) => [id, { id, name: "" }] as const)
      }
    })
    expectTypeOf(many).toEqualTypeOf<CachedPromise<number, User>>()
    const byRecord = cache.cached({
      ...usual,
      key: ({ id }) => id,
      lookup: ({ id }: { readonly id: number }) => find(id)
    })
    expectTypeOf(byRecord).toEqualTypeOf<CachedPromise<{ readonly id: number }, User>>()
    const anyKey = cache.cached({ ...usual, lookup: () => find(1) })
    expectTypeOf(anyKey).toEqualTypeOf<CachedPromise<CachedKey, User>>()
  }
  void views
})

test("the types of cached refuse a mistake where it stands", () => {
  const mistakes = (cache: CachePromise) => {
    // @ts-expect-error: no ttl
    cache.cached({ namespace: "user", schema: User, lookup: find })
    // @ts-expect-error: no lookup
    cache.cached({ ...usual })
    cache.cached({
      ...usual,
      lookup: find,
      // @ts-expect-error: no such option
      stalefor: "1 hour"
    })
    cache.cached({
      ...usual,
      // @ts-expect-error: no promise
      lookup: (id: number) => ({ id, name: "" })
    })
    cache.cached({
      ...usual,
      // @ts-expect-error: another value than the schema's
      lookup: async (id: number) => ({ id })
    })
    cache.cached({
      ...usual,
      // @ts-expect-error: maybe no value without a negativeTtl
      lookup: async (id: number) => (id > 0 ? find(id) : undefined)
    })
    cache.cached({
      ...usual,
      // @ts-expect-error: no duration
      ttl: "1 fortnight",
      lookup: find
    })
    // @ts-expect-error: a key that does not say what its text is
    cache.cached({ ...usual, lookup: (by: { readonly id: number }) => find(by.id) })
    cache.cached({
      ...usual,
      lookup: find,
      // @ts-expect-error: one text for tags
      tags: (user) => user.name
    })
    cache.cached({
      ...usual,
      // @ts-expect-error: no schema
      schema: { id: 1 },
      lookup: find
    })
    cache.cached({
      ...usual,
      // @ts-expect-error: values without their keys
      lookupMany: async (ids: ReadonlyArray<number>) => Promise.all(ids.map(find))
    })
  }
  void mistakes
})
