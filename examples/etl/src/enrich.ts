import type { CachePort } from "@hexcache/cache-port"
import { Cached } from "@hexcache/cached"
import { Context, Effect, Schema, Stream } from "effect"

/** A customer. */
export const Customer = Schema.Struct({ id: Schema.Int, name: Schema.String })
export type Customer = typeof Customer.Type

/** An order as it comes in. */
export interface Order {
  readonly id: number
  readonly customerId: number
}

/** An order as it goes out. */
export interface NamedOrder extends Order {
  readonly customer: string
}

/** The database of customers, which takes many ids in one query. */
export class Customers extends Context.Service<
  Customers,
  { readonly findMany: (ids: ReadonlyArray<number>) => Effect.Effect<ReadonlyArray<Customer>> }
>()("example-etl/Customers") {}

const customers = Cached.make({
  namespace: "customer",
  schema: Customer,
  lookupMany: (ids: ReadonlyArray<number>) =>
    Effect.map(
      Customers.use(({ findMany }) => findMany(ids)),
      (found) => new Map(found.map((customer) => [customer.id, customer]))
    ),
  ttl: "1 hour",
  // A customer that does not exist is not asked for by every page.
  negativeTtl: "1 minute"
})

/** Names the customers of orders. A page of 500 costs one read of the cache, and one query of what that has not. */
export const enrich = <E, R>(
  orders: Stream.Stream<Order, E, R>
): Stream.Stream<NamedOrder, E, R | CachePort | Customers> =>
  orders.pipe(
    Stream.grouped(500),
    Stream.mapEffect((page) =>
      Effect.map(customers.getMany(page.map(({ customerId }) => customerId)), (found) =>
        page.map((order) => ({ ...order, customer: found.get(order.customerId)?.name ?? "unknown" }))
      )
    ),
    Stream.flattenIterable
  )
