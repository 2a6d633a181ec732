import { assert, describe, it } from "@effect/vitest"
import { FailOpen } from "@hexcache/cache-layers"
import { CacheMemory } from "@hexcache/cache-memory"
import { CachePort } from "@hexcache/cache-port"
import { Deferred, Effect, Fiber, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Cities } from "../../src/domain/Cities.ts"
import { CityNotFound, CountryCode, CountryNotFound } from "../../src/domain/City.ts"
import { CityStore } from "../../src/domain/CityStore.ts"
import * as Breakable from "../support/Breakable.ts"
import * as MapCityStore from "../support/MapCityStore.ts"
import { kyoto, lyon, nowhere, osaka, paris, queries, tokyo } from "../support/MapCityStore.ts"
import { warningsOf } from "../support/warningsOf.ts"

const japan = CountryCode.make("JP")
const france = CountryCode.make("FR")

const catalogue = Cities.layer.pipe(Layer.provideMerge(FailOpen.layer), Layer.provideMerge(MapCityStore.layer))
const onMemory = Layer.provideMerge(catalogue, CacheMemory.layer())
const onBreakable = Layer.provideMerge(catalogue, Breakable.layer)

describe("Cities", () => {
  it.effect("reads a city from the store once, and again when its time to live is over", () =>
    Effect.gen(function* () {
      const cities = yield* Cities
      assert.deepStrictEqual(yield* cities.byId(tokyo.id), tokyo)
      assert.deepStrictEqual(yield* cities.byId(tokyo.id), tokyo)
      assert.strictEqual(yield* queries, 1)
      yield* TestClock.adjust("10 minutes")
      yield* cities.byId(tokyo.id)
      assert.strictEqual(yield* queries, 2)
    }).pipe(Effect.provide(onMemory))
  )

  it.effect("fails for what there is not, and keeps nothing of it", () =>
    Effect.gen(function* () {
      const cities = yield* Cities
      assert.deepStrictEqual(yield* Effect.flip(cities.byId(nowhere)), new CityNotFound({ id: nowhere }))
      assert.instanceOf(yield* Effect.flip(cities.setPopulation(nowhere, 1)), CityNotFound)
      assert.instanceOf(yield* Effect.flip(cities.largest(CountryCode.make("XX"), 1)), CountryNotFound)
      const before = yield* queries
      yield* Effect.flip(cities.byId(nowhere))
      yield* Effect.flip(cities.largest(CountryCode.make("XX"), 1))
      assert.strictEqual((yield* queries) - before, 2)
    }).pipe(Effect.provide(onMemory))
  )

  it.effect("reads many cities in the order asked, each once, with one query for what is missing", () =>
    Effect.gen(function* () {
      const cities = yield* Cities
      yield* cities.byId(osaka.id)
      const ids = [paris.id, nowhere, osaka.id, tokyo.id, paris.id]
      assert.deepStrictEqual(yield* cities.byIds(ids), [paris, osaka, tokyo])
      assert.strictEqual(yield* queries, 2)
      assert.deepStrictEqual(yield* cities.byIds([tokyo.id, paris.id]), [tokyo, paris])
      assert.strictEqual(yield* queries, 2)
      assert.deepStrictEqual(yield* cities.byIds([]), [])
    }).pipe(Effect.provide(onMemory))
  )

  it.effect("keeps a ranking for each country and length", () =>
    Effect.gen(function* () {
      const cities = yield* Cities
      const two = yield* cities.largest(japan, 2)
      assert.deepStrictEqual(
        two.largest.map(({ name }) => name),
        ["Tokyo", "Osaka"]
      )
      assert.deepStrictEqual(yield* cities.largest(japan, 2), two)
      assert.strictEqual(yield* queries, 1)
      assert.strictEqual((yield* cities.largest(japan, 3)).largest.length, 3)
      assert.strictEqual(yield* queries, 2)
    }).pipe(Effect.provide(onMemory))
  )

  it.effect(
    "an update is seen at once, in the city and in every ranking of its country, and nowhere else is lost",
    () =>
      Effect.gen(function* () {
        const cities = yield* Cities
        yield* cities.byIds([kyoto.id, lyon.id])
        yield* cities.largest(japan, 1)
        yield* cities.largest(japan, 2)
        yield* cities.largest(france, 1)

        yield* cities.setPopulation(kyoto.id, 20_000)
        const before = yield* queries
        assert.strictEqual((yield* cities.byId(kyoto.id)).population, 20_000)
        assert.strictEqual((yield* cities.largest(japan, 1)).largest[0]?.name, "Kyoto")
        assert.strictEqual((yield* cities.largest(japan, 2)).largest[0]?.name, "Kyoto")
        assert.strictEqual((yield* queries) - before, 3)
        yield* cities.byId(lyon.id)
        yield* cities.largest(france, 1)
        assert.strictEqual((yield* queries) - before, 3)
      }).pipe(Effect.provide(onMemory))
  )

  for (const text of ["", "{", "null", `{"id":1}`, JSON.stringify({ ...tokyo, population: "many" })]) {
    it.effect(`an entry that cannot be decoded is a miss, and replaced: ${text}`, () =>
      Effect.gen(function* () {
        const cities = yield* Cities
        const cache = yield* CachePort
        yield* cities.byId(tokyo.id)
        const [name = ""] = yield* Stream.runCollect(cache.scan("city:*:{:1}"))
        yield* cache.set(name, text)
        assert.deepStrictEqual(yield* cities.byId(tokyo.id), tokyo)
        yield* cache.set(name, text)
        assert.deepStrictEqual(yield* cities.byIds([tokyo.id]), [tokyo])
        yield* cities.byId(tokyo.id)
        assert.strictEqual(yield* queries, 3)
      }).pipe(Effect.provide(onMemory))
    )
  }

  it.effect("what was loaded before an update and comes after it is answered but not kept", () =>
    Effect.gen(function* () {
      const loaded = yield* Deferred.make<void>()
      const answer = yield* Deferred.make<void>()
      const slowStore = Layer.effect(
        CityStore,
        Effect.map(CityStore, (store) => ({
          ...store,
          find: (id) =>
            Effect.tap(store.find(id), () =>
              Effect.andThen(Deferred.succeed(loaded, undefined), Deferred.await(answer))
            )
        }))
      )
      const slowCatalogue = Cities.layer.pipe(
        Layer.provide(FailOpen.layer),
        Layer.provide(CacheMemory.layer()),
        Layer.provide(slowStore),
        Layer.provide(MapCityStore.layer)
      )
      yield* Effect.gen(function* () {
        const cities = yield* Cities
        const reading = yield* Effect.forkChild(cities.byId(tokyo.id))
        yield* Deferred.await(loaded)
        yield* cities.setPopulation(tokyo.id, 10_000)
        yield* Deferred.succeed(answer, undefined)
        assert.strictEqual((yield* Fiber.join(reading)).population, 9_000)
        assert.strictEqual((yield* cities.byId(tokyo.id)).population, 10_000)
      }).pipe(Effect.provide(slowCatalogue))
    })
  )

  it.effect("answers everything while the cache is unavailable, and warns once in a while", () =>
    Effect.gen(function* () {
      const cities = yield* Cities
      const cache = yield* Breakable.Breakable
      yield* cache.break

      const messages = yield* warningsOf(
        Effect.gen(function* () {
          for (let round = 0; round < 50; round++) {
            assert.deepStrictEqual(yield* cities.byId(tokyo.id), tokyo)
            assert.deepStrictEqual(yield* cities.byIds([tokyo.id, nowhere, paris.id]), [tokyo, paris])
            assert.strictEqual((yield* cities.largest(japan, 1)).largest[0]?.name, "Tokyo")
          }
        })
      )
      assert.deepStrictEqual(messages, ["The cache fails (Unavailable), going on without it"])
      assert.strictEqual(yield* FailOpen.failures, 150)
      assert.strictEqual(yield* queries, 150)

      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* warningsOf(cities.byId(tokyo.id))).length, 1)
    }).pipe(Effect.provide(onBreakable))
  )

  it.effect("an update that the cache missed is seen all the same, and the cache is used again afterwards", () =>
    Effect.gen(function* () {
      const cities = yield* Cities
      const cache = yield* Breakable.Breakable
      yield* cities.byId(tokyo.id)
      yield* cities.largest(japan, 1)

      yield* cache.break
      assert.strictEqual((yield* cities.setPopulation(tokyo.id, 10_000)).population, 10_000)
      assert.strictEqual((yield* cities.byId(tokyo.id)).population, 10_000)
      yield* cache.mend

      for (let round = 0; round < 20; round++) {
        assert.strictEqual((yield* cities.byId(tokyo.id)).population, 10_000)
        assert.strictEqual((yield* cities.largest(japan, 1)).largest[0]?.population, 10_000)
        yield* Effect.yieldNow
      }
      const before = yield* queries
      yield* cities.byId(tokyo.id)
      yield* cities.largest(japan, 1)
      assert.strictEqual(yield* queries, before)
    }).pipe(Effect.provide(onBreakable), warningsOf)
  )
})
