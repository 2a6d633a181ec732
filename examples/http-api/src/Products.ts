import { CachePort } from "@hexcache/cache-port"
import { Cached } from "@hexcache/cached"
import { Context, Effect, type Option, Schema } from "effect"
import { Product } from "./Api.ts"

/** The database of one tenant, which is slow and is right. */
export class Database extends Context.Service<
  Database,
  {
    readonly find: (id: number) => Effect.Effect<Option.Option<Product>>
    readonly list: (shelf: string) => Effect.Effect<ReadonlyArray<Product>>
    readonly put: (product: Product) => Effect.Effect<void>
  }
>()("example-http-api/Database") {}

/** The databases of all tenants. */
export class Databases extends Context.Service<Databases, { readonly of: (tenant: string) => Database["Service"] }>()(
  "example-http-api/Databases"
) {}

const tagOf = ({ id }: Product) => `product ${id}`

const products = Cached.make({
  namespace: "product",
  schema: Product,
  lookup: (id: number) => Database.use(({ find }) => find(id)),
  ttl: "5 minutes",
  // An id that does not exist is not asked for by every visitor.
  negativeTtl: "10 seconds",
  staleFor: "1 hour",
  tags: (product) => [tagOf(product)]
})

/** A list has the tags of the products in it, and one of its own for those that come into it. */
const shelves = Cached.make({
  namespace: "shelf",
  schema: Schema.Array(Product),
  lookup: (shelf: string) => Database.use(({ list }) => list(shelf)),
  ttl: "5 minutes",
  staleFor: "1 hour",
  tags: (found, shelf) => [`shelf ${shelf}`, ...found.map(tagOf)]
})

export const find = (id: number) => products.get(id)

export const list = (shelf: string) => shelves.get(shelf)

/** Writes a product. A read that begins afterwards sees it, alone and in every list that it was or is in. */
export const put = Effect.fnUntraced(function* (product: Product) {
  yield* Database.use(({ put }) => put(product))
  // That there is none has no tag.
  yield* products.invalidate(product.id)
  yield* Cached.invalidateTag(tagOf(product))
  yield* Cached.invalidateTag(`shelf ${product.shelf}`)
})

/** Runs an effect for a tenant: with its database, and with its part of the cache. */
export const forTenant = (tenant: string) => {
  const withDatabase = Effect.provideServiceEffect(
    Database,
    Databases.useSync(({ of }) => of(tenant))
  )
  const withCache = Effect.provideServiceEffect(
    CachePort,
    CachePort.useSync((cache) => CachePort.namespaced(cache, `tenant ${tenant}`))
  )
  return <A, E, R>(effect: Effect.Effect<A, E, R>) => effect.pipe(withDatabase, withCache)
}
