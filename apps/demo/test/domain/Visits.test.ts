import { assert, describe, it } from "@effect/vitest"
import { FailOpen } from "@hexcache/cache-layers"
import { Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { Visits } from "../../src/domain/Visits.ts"
import * as Breakable from "../support/Breakable.ts"
import { osaka, tokyo } from "../support/MapCityStore.ts"
import { warningsOf } from "../support/warningsOf.ts"

describe("Visits", () => {
  it.effect("counts each city for itself, for a day", () =>
    Effect.gen(function* () {
      const visits = yield* Visits
      assert.deepStrictEqual(yield* visits.count(tokyo.id), Option.some(1))
      yield* TestClock.adjust("23 hours")
      assert.deepStrictEqual(yield* visits.count(tokyo.id), Option.some(2))
      assert.deepStrictEqual(yield* visits.count(osaka.id), Option.some(1))
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(yield* visits.count(tokyo.id), Option.some(1))
    }).pipe(Effect.provide(Layer.provide(Visits.layer, FailOpen.layer)), Effect.provide(Breakable.layer))
  )

  it.effect("does not count while the cache is unavailable", () =>
    Effect.gen(function* () {
      const visits = yield* Visits
      const cache = yield* Breakable.Breakable
      yield* cache.break
      assert.deepStrictEqual(yield* visits.count(tokyo.id), Option.none())
      yield* cache.mend
      assert.deepStrictEqual(yield* visits.count(tokyo.id), Option.some(1))
    }).pipe(Effect.provide(Layer.provide(Visits.layer, FailOpen.layer)), Effect.provide(Breakable.layer), warningsOf)
  )
})
