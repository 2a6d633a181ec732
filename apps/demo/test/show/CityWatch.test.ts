import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { Cities } from "../../src/domain/Cities.ts"
import { CityStore } from "../../src/domain/CityStore.ts"
import { CityWatch } from "../../src/show/watch/CityWatch.ts"
import { LoadTimes } from "../../src/show/watch/LoadTimes.ts"
import * as Trail from "../../src/show/watch/Trail.ts"
import * as Breakable from "../support/Breakable.ts"
import * as MapCityStore from "../support/MapCityStore.ts"
import { nowhere, osaka, tokyo } from "../support/MapCityStore.ts"

/** A store that takes 20 ms for an answer. */
const slowStore = Layer.effect(
  CityStore,
  Effect.map(CityStore, (store) => ({ ...store, find: (id) => Effect.delay(store.find(id), "20 millis") }))
).pipe(Layer.provide(MapCityStore.layer))

const watched = CityWatch.layer.pipe(
  Layer.provide(Cities.layer),
  Layer.provide(LoadTimes.layer),
  Layer.provide(slowStore),
  Layer.provide(Trail.layer),
  Layer.provideMerge(Breakable.layer)
)

describe("CityWatch", () => {
  it.live("tells who answered, and how old the answer is", () =>
    Effect.gen(function* () {
      const cities = yield* Cities
      const watch = yield* CityWatch
      assert.isUndefined(watch.last(tokyo.id))
      yield* cities.byId(tokyo.id)
      const cold = watch.last(tokyo.id)
      assert.strictEqual(cold?.source, "database")
      assert.isAtLeast(cold?.took ?? 0, 19)
      yield* cities.byId(tokyo.id)
      const warm = watch.last(tokyo.id)
      assert.strictEqual(warm?.source, "memory")
      assert.strictEqual(warm?.loadedAt, cold?.loadedAt)
      assert.deepStrictEqual(warm?.city, tokyo)
      yield* cities.setPopulation(tokyo.id, 1)
      yield* cities.byId(tokyo.id)
      assert.strictEqual(watch.last(tokyo.id)?.source, "database")
      assert.strictEqual(watch.last(tokyo.id)?.city.population, 1)
    }).pipe(Effect.provide(watched))
  )

  it.live("counts the database for everyone who waits for one lookup, and while the cache fails", () =>
    Effect.gen(function* () {
      const cities = yield* Cities
      const watch = yield* CityWatch
      yield* Effect.all([cities.byId(osaka.id), cities.byId(osaka.id)], { concurrency: 2 })
      assert.deepStrictEqual(watch.take().sources, { memory: 0, store: 0, database: 2 })
      // Until the cache has the lookup's value, other readers share it.
      yield* Effect.sleep("5 millis")
      yield* (yield* Breakable.Breakable).break
      yield* cities.byId(osaka.id)
      const { failed, longest, lookup, sources, waited } = watch.take()
      assert.deepStrictEqual(sources, { memory: 0, store: 0, database: 1 })
      assert.strictEqual(failed, 0)
      assert.isAtLeast(lookup, 19)
      assert.isAtLeast(longest, lookup)
      assert.closeTo(lookup + waited, longest, 0.001)
    }).pipe(Effect.provide(watched))
  )

  it.live("counts the wait of who is not answered yet, and forgets what was taken", () =>
    Effect.gen(function* () {
      const cities = yield* Cities
      const watch = yield* CityWatch
      const asking = yield* Effect.forkChild(cities.byId(tokyo.id), { startImmediately: true })
      // Without a turn of the event loop, so that the store cannot answer meanwhile.
      for (const end = performance.now() + 10; performance.now() < end; );
      assert.strictEqual(watch.waiting(), 1)
      assert.isAtLeast(watch.take().longest, 9)
      yield* Fiber.join(asking)
      assert.strictEqual(watch.waiting(), 0)
      yield* Effect.flip(cities.byId(nowhere))
      const { failed, sources } = watch.take()
      assert.strictEqual(failed, 0)
      assert.deepStrictEqual(sources, { memory: 0, store: 0, database: 1 })
      assert.strictEqual(watch.take().longest, 0)
    }).pipe(Effect.provide(watched))
  )
})
