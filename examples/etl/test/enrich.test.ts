import { assert, describe, it } from "@effect/vitest"
import { Chaos } from "@hexcache/cache-contract"
import { CacheMemory } from "@hexcache/cache-memory"
import { Effect, Layer, Stream } from "effect"
import { Customers, enrich } from "../src/enrich.ts"

/** A database of customers with even ids, which notes how many ids each query has. */
const counted = () => {
  const queries: Array<number> = []
  const layer = Layer.succeed(Customers, {
    findMany: (ids) =>
      Effect.sync(() => {
        queries.push(ids.length)
        return ids.filter((id) => id % 2 === 0).map((id) => ({ id, name: `customer ${id}` }))
      })
  })
  return { layer, queries }
}

/** 2,000 orders of 100 customers. */
const orders = Stream.fromIterable(Array.from({ length: 2_000 }, (_, id) => ({ id, customerId: id % 100 })))

describe("the orders of the job", () => {
  it.effect("get their names by one query of each customer, though they come in four pages", () =>
    Effect.gen(function* () {
      const { layer, queries } = counted()
      const named = yield* Stream.runCollect(enrich(orders)).pipe(Effect.provide([layer, CacheMemory.layer()]))
      assert.strictEqual(named.length, 2_000)
      assert.strictEqual(named[1_998]?.customer, "customer 98")
      assert.strictEqual(named[1_999]?.customer, "unknown")
      assert.deepStrictEqual(queries, [100])
    })
  )

  it.effect("get their names while the cache is down, by one query a page", () =>
    Effect.gen(function* () {
      const { layer, queries } = counted()
      const down = Chaos.layer({ seed: 1, failures: { rate: 1 } }).pipe(Layer.provide(CacheMemory.layer()))
      const named = yield* Stream.runCollect(enrich(orders)).pipe(Effect.provide([layer, down]))
      assert.strictEqual(named.length, 2_000)
      assert.strictEqual(named[1_998]?.customer, "customer 98")
      assert.deepStrictEqual(queries, [100, 100, 100, 100])
    })
  )
})
