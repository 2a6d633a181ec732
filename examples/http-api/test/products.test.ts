import { assert, describe, it } from "@effect/vitest"
import { CacheMemory } from "@hexcache/cache-memory"
import { Effect, Layer } from "effect"
import { HttpServer } from "effect/http"
import { HttpApiTest } from "effect/http-api"
import { Api } from "../src/Api.ts"
import { handlers } from "../src/Handlers.ts"
import { inMemory } from "../src/inMemory.ts"
import { Databases } from "../src/Products.ts"

/** The databases, with the number of queries that each has answered. */
const counted = Layer.effect(
  Databases,
  Databases.useSync(({ of }) => ({
    of: (tenant: string) => {
      const database = of(tenant)
      const count = <A>(query: Effect.Effect<A>) =>
        Effect.tap(query, () => Effect.sync(() => void queries.push(tenant)))
      return {
        ...database,
        find: (id: number) => count(database.find(id)),
        list: (shelf: string) => count(database.list(shelf))
      }
    }
  }))
).pipe(Layer.provide(inMemory))

let queries: Array<string> = []

const setup = Effect.gen(function* () {
  queries = []
  return yield* HttpApiTest.groups(Api, ["products"])
})

const services = Layer.mergeAll(handlers, HttpServer.layerServices).pipe(
  Layer.provideMerge(Layer.mergeAll(CacheMemory.layer(), counted))
)

const tea = { name: "Tea", shelf: "drinks" }

describe("the products of tenants", () => {
  it.effect("are looked up once for all visitors of a tenant, and no tenant gets those of another", () =>
    Effect.gen(function* () {
      const { products } = yield* setup
      yield* products.put({ params: { tenant: "a", id: 1 }, payload: tea })
      for (let visit = 0; visit < 3; visit++) {
        const found = yield* products.find({ params: { tenant: "a", id: 1 } })
        assert.strictEqual(found.name, "Tea")
        const missing = yield* Effect.flip(products.find({ params: { tenant: "b", id: 1 } }))
        assert.strictEqual(missing._tag, "NotFound")
      }
      assert.deepStrictEqual(queries, ["a", "b"])
    }).pipe(Effect.provide(services))
  )

  it.effect("change in every list at once, in that of their old shelf too", () =>
    Effect.gen(function* () {
      const { products } = yield* setup
      const a = { tenant: "a" }
      const names = (shelf: string) =>
        Effect.map(products.list({ params: a, query: { shelf } }), (found) => found.map(({ name }) => name))
      assert.deepStrictEqual(yield* names("drinks"), [])
      yield* products.put({ params: { ...a, id: 1 }, payload: tea })
      assert.deepStrictEqual(yield* names("drinks"), ["Tea"])
      assert.deepStrictEqual(yield* names("leaves"), [])
      yield* products.put({ params: { ...a, id: 1 }, payload: { name: "Green tea", shelf: "leaves" } })
      assert.deepStrictEqual(yield* names("drinks"), [])
      assert.deepStrictEqual(yield* names("leaves"), ["Green tea"])
      assert.strictEqual((yield* products.find({ params: { ...a, id: 1 } })).name, "Green tea")
    }).pipe(Effect.provide(services))
  )

  it.effect("of one tenant stay in the cache whatever another one changes", () =>
    Effect.gen(function* () {
      const { products } = yield* setup
      for (const tenant of ["a", "b"]) yield* products.put({ params: { tenant, id: 1 }, payload: tea })
      yield* products.find({ params: { tenant: "a", id: 1 } })
      yield* products.put({ params: { tenant: "b", id: 1 }, payload: { name: "Coffee", shelf: "drinks" } })
      assert.strictEqual((yield* products.find({ params: { tenant: "a", id: 1 } })).name, "Tea")
      assert.deepStrictEqual(queries, ["a"])
    }).pipe(Effect.provide(services))
  )
})
