/** The examples of docs/cached.md: each stands here word for word, compiles, and works. */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Cached, CachePort } from "@hexcache/cache-port"
import { Context, Data, Effect, Layer, Option, Schema } from "effect"
import { MapStore } from "../support/MapStore.ts"

const User = Schema.Struct({ id: Schema.Int, name: Schema.String })
type User = typeof User.Type
const Price = Schema.Struct({ cents: Schema.Int, isVolatile: Schema.Boolean })
const Profile = Schema.Struct({ id: Schema.Int })
const Product = Schema.Struct({ id: Schema.Int })
const Article = Schema.Struct({ author: Schema.Int })
const Report = Schema.String

class DbError extends Data.TaggedError("DbError")<{}> {}

const names = new Map([[1, "Ada"]])
const findUser = (id: number): Effect.Effect<User, DbError> => Effect.sync(() => ({ id, name: names.get(id) ?? "" }))
const renameUser = (id: number, name: string) => Effect.sync(() => names.set(id, name))
const rank = (country: string, limit: number) =>
  Effect.sync(() => Array.from({ length: limit }, (_, id) => ({ id, name: country })))
const findPrice = (id: number) => Effect.succeed({ cents: id, isVolatile: false })
const findProfile = (id: number) => Effect.succeed(id === 1 ? Option.some({ id }) : Option.none())
const findProducts = (ids: ReadonlyArray<number>) => Effect.succeed(new Map(ids.map((id) => [id, { id }])))
const findArticle = (id: number) => Effect.succeed({ author: id })
const makeReport = (id: number) => Effect.succeed(`report ${id}`)

const users = Cached.make({
  namespace: "user",
  schema: User,
  lookup: (id: number) => findUser(id),
  ttl: "5 minutes"
})

class Users extends Context.Service<Users, { readonly byId: (id: number) => Effect.Effect<User, DbError> }>()("Users") {
  static readonly layer = Layer.effect(
    Users,
    Effect.gen(function* () {
      const { get } = yield* users
      return { byId: get }
    })
  )
}

const rename = (id: number, name: string) =>
  Effect.andThen(renameUser(id, name), users.invalidate(id)).pipe(Effect.uninterruptible)

const rankings = Cached.make({
  namespace: "ranking",
  schema: Schema.Array(User),
  key: ({ country, limit }) => [country, limit],
  lookup: (by: { readonly country: string; readonly limit: number }) => rank(by.country, by.limit),
  ttl: "1 hour"
})

const prices = Cached.make({
  namespace: "price",
  schema: Price,
  lookup: findPrice,
  ttl: ({ isVolatile }) => (isVolatile ? "10 seconds" : "1 hour"),
  jitter: 0.1,
  staleFor: "1 day",
  refreshAhead: 1,
  softLookupTimeout: "50 millis",
  lookupTimeout: "2 seconds"
})

const profiles = Cached.make({
  namespace: "profile",
  schema: Profile,
  lookup: findProfile,
  ttl: "1 hour",
  negativeTtl: "30 seconds"
})

const products = Cached.make({
  namespace: "product",
  schema: Product,
  lookupMany: (ids: ReadonlyArray<number>) => findProducts(ids),
  ttl: "10 minutes"
})

const articles = Cached.make({
  namespace: "article",
  schema: Article,
  lookup: findArticle,
  ttl: "1 hour",
  tags: ({ author }) => [`author ${author}`]
})

const reports = Cached.make({
  namespace: "report",
  schema: Report,
  lookup: makeReport,
  ttl: "1 hour",
  lease: "10 seconds"
})

const repository = new URL("../../../../", import.meta.url)

describe("the guide to Cached", () => {
  it("holds no example but these", () => {
    const source = readFileSync(new URL(import.meta.url), "utf8")
    const guide = readFileSync(new URL("docs/cached.md", repository), "utf8")
    const examples = Array.from(guide.matchAll(/```ts\n(.*?)```/gs), ([, example = ""]) => example)
    assert.isAtLeast(examples.length, 9)
    for (const example of examples) assert.include(source, example)
  })

  it.effect("has examples that work", () =>
    Effect.gen(function* () {
      const { byId } = yield* Users
      assert.strictEqual((yield* byId(1)).name, "Ada")
      yield* rename(1, "Grace")
      assert.strictEqual((yield* byId(1)).name, "Grace")
      assert.strictEqual((yield* rankings.get({ country: "FR", limit: 3 })).length, 3)
      assert.strictEqual((yield* prices.get(7)).cents, 7)
      assert.deepStrictEqual(yield* profiles.get(2), Option.none())
      assert.deepStrictEqual([...(yield* products.getMany([3, 1])).keys()], [3, 1])
      assert.strictEqual((yield* articles.get(7)).author, 7)
      yield* articles.invalidateTag("author 7")
      assert.strictEqual(yield* reports.get(1), "report 1")
    }).pipe(Effect.provide(Users.layer), Effect.provideService(CachePort, new MapStore().cache))
  )
})
