import { describe, it } from "@effect/vitest"
import { Cached } from "@hexcache/cached"
import { Effect, Option, Schema } from "effect"

const User = Schema.Struct({ id: Schema.Number, name: Schema.String })
interface User extends Schema.Schema.Type<typeof User> {}

const find = (id: number): Effect.Effect<User, "db"> => Effect.succeed({ id, name: "" })
const usual = { namespace: "user", schema: User, ttl: "1 minute" } as const

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
/** Compiles where both types are the same. */
const same = <A, B>(_: Same<A, B>): void => undefined
/** The type of a `Cached`, spelt out. */
type Of<C> =
  C extends Cached.UnboundCached<infer Key, infer A, infer Answer, infer E, infer _> ? [Key, A, Answer, E] : C

describe("the types of Cached.make", () => {
  it("the types of make follow from the schema and the lookup, also where that takes the previous value", () => {
    const plain = Cached.make({ ...usual, lookup: find })
    same<Of<typeof plain>, [number, User, User, "db"]>(true)

    const conditional = Cached.make({
      ...usual,
      lookup: (id: number, { previous }) => {
        same<typeof previous, Option.Option<User>>(true)
        return Option.match(previous, { onNone: () => find(id), onSome: Effect.succeed })
      },
      ttl: (user, id) => user.id + id,
      tags: (user, id) => [user.name + id.toFixed()]
    })
    same<Of<typeof conditional>, [number, User, User, "db"]>(true)

    const optional = Cached.make({
      ...usual,
      negativeTtl: "1 minute",
      lookup: (id: number, { previous }) => (id > 0 ? Effect.succeed(previous) : Effect.asSome(find(id)))
    })
    same<Of<typeof optional>, [number, User, Option.Option<User>, "db"]>(true)

    const many = Cached.make({
      ...usual,
      lookupMany: (ids: ReadonlyArray<number>, { previous }) => {
        same<typeof previous, ReadonlyMap<number, User>>(true)
        return Effect.forEach(ids, (id) => Effect.map(find(id), (user) => [id, user] as const))
      }
    })
    same<Of<typeof many>, [number, User, User, "db"]>(true)

    const byRecord = Cached.make({
      ...usual,
      key: ({ id }) => id,
      lookup: ({ id }: { readonly id: number }, { previous }) =>
        Option.match(previous, { onNone: () => find(id), onSome: Effect.succeed })
    })
    same<Of<typeof byRecord>, [{ readonly id: number }, User, User, "db"]>(true)

    const anyKey = Cached.make({ ...usual, lookup: () => find(1) })
    same<Of<typeof anyKey>, [Cached.CachedKey, User, User, "db"]>(true)
  })

  it("the types of make refuse a mistake where it stands", () => {
    const mistakes = () => {
      // @ts-expect-error: no ttl
      Cached.make({ namespace: "user", schema: User, lookup: find })
      // @ts-expect-error: no lookup
      Cached.make({ ...usual })
      Cached.make({
        ...usual,
        lookup: find,
        // @ts-expect-error: no such option
        stalefor: "1 hour"
      })
      Cached.make({
        ...usual,
        // @ts-expect-error: a promise
        lookup: async (id: number) => ({ id, name: "" })
      })
      Cached.make({
        ...usual,
        // @ts-expect-error: another value than the schema's
        lookup: (id: number) => Effect.succeed({ id })
      })
      Cached.make({
        ...usual,
        // @ts-expect-error: an option without a negativeTtl
        lookup: (id: number) => Effect.asSome(find(id))
      })
      Cached.make({
        ...usual,
        negativeTtl: "1 minute",
        // @ts-expect-error: no option with a negativeTtl
        lookup: find
      })
      Cached.make({
        ...usual,
        // @ts-expect-error: no duration
        ttl: "1 fortnight",
        lookup: find
      })
      // @ts-expect-error: a key that does not say what its text is
      Cached.make({ ...usual, lookup: (by: { readonly id: number }) => find(by.id) })
      Cached.make({
        ...usual,
        lookup: find,
        // @ts-expect-error: one text for tags
        tags: (user) => user.name
      })
      Cached.make({
        ...usual,
        // @ts-expect-error: no schema
        schema: { id: 1 },
        lookup: find
      })
      Cached.make({
        ...usual,
        // @ts-expect-error: values without their keys
        lookupMany: (ids: ReadonlyArray<number>) => Effect.forEach(ids, find)
      })
    }
    void mistakes
  })
})
