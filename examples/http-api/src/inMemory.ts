import { Effect, Layer, Option } from "effect"
import type { Product } from "./Api.ts"
import { type Database, Databases } from "./Products.ts"

/** Databases in memory, one for each tenant; think of slow queries. */
export const inMemory: Layer.Layer<Databases> = Layer.sync(Databases, () => {
  const databases = new Map<string, Database["Service"]>()
  const make = (): Database["Service"] => {
    const products = new Map<number, Product>()
    return {
      find: (id) => Effect.sync(() => Option.fromUndefinedOr(products.get(id))),
      list: (shelf) => Effect.sync(() => Array.from(products.values()).filter((product) => product.shelf === shelf)),
      put: (product) => Effect.sync(() => void products.set(product.id, product))
    }
  }
  const of = (tenant: string) => {
    const database = databases.get(tenant) ?? make()
    databases.set(tenant, database)
    return database
  }
  return { of }
})
