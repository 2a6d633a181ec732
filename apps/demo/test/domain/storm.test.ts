/** The catalogue on a bad cache: never a wrong value, never a failed request. */
import { assert, describe, it } from "@effect/vitest"
import { Chaos, type ChaosOptions } from "@hexcache/cache-contract"
import { Breaker, type BreakerOptions, FailOpen } from "@hexcache/cache-layers"
import { CacheMemory } from "@hexcache/cache-memory"
import { Effect, Fiber, Layer, Logger, Option } from "effect"
import { TestClock } from "effect/testing"
import { Cities } from "../../src/domain/Cities.ts"
import { type CityId, CountryCode } from "../../src/domain/City.ts"
import { CityStore } from "../../src/domain/CityStore.ts"
import { RateLimit } from "../../src/domain/RateLimit.ts"
import { Visits } from "../../src/domain/Visits.ts"
import * as MapCityStore from "../support/MapCityStore.ts"
import { kyoto, osaka, queries, tokyo } from "../support/MapCityStore.ts"

const japan = CountryCode.make("JP")
const ids = [tokyo.id, osaka.id, kyoto.id]

/** A store whose results take 0 to 6 ms to arrive. */
const slowStore = Layer.effect(
  CityStore,
  Effect.map(CityStore, (store) => {
    let asked = 0
    const late = <A>(answer: Effect.Effect<A>) => Effect.tap(answer, () => Effect.sleep((asked++ * 5) % 7))
    return {
      find: (id) => late(store.find(id)),
      findMany: (ids) => late(store.findMany(ids)),
      rank: (country, limit) => late(store.rank(country, limit)),
      largest: (limit) => late(store.largest(limit)),
      setPopulation: (id, population) => late(store.setPopulation(id, population))
    }
  })
).pipe(Layer.provideMerge(MapCityStore.layer))

const onBadCache = (chaos: ChaosOptions, breaker: BreakerOptions = {}) =>
  Layer.mergeAll(Cities.layer, Visits.layer, RateLimit.layer({ limit: 1_000, window: "1 minute" })).pipe(
    Layer.provide(FailOpen.layer),
    Layer.provideMerge(slowStore),
    Layer.provide(Breaker.layer(breaker)),
    Layer.provideMerge(Chaos.layer(chaos)),
    Layer.provide(CacheMemory.layer())
  )

/**
 * Reads and updates from many fibers. Each city's updates come one after the other, and its population says which of
 * them a read has seen: at least the last that was over when the read began, at most the last that had begun when it
 * ended.
 */
const storm = Effect.gen(function* () {
  const cities = yield* Cities
  const visits = yield* Visits
  const rateLimit = yield* RateLimit
  const begun = new Map<CityId, number>()
  const over = new Map<CityId, number>()
  const wrong: Array<string> = []
  let visited = 0

  const update = Effect.fnUntraced(function* (id: CityId) {
    const next = (begun.get(id) ?? 0) + 1
    begun.set(id, next)
    const city = yield* cities.setPopulation(id, 10_000 + next)
    over.set(id, next)
    assert.strictEqual(city.population, 10_000 + next)
  })

  const watch = <A extends ReadonlyArray<{ readonly id: CityId; readonly population: number }>, E>(
    what: string,
    read: Effect.Effect<A, E>
  ) =>
    Effect.gen(function* () {
      const least = new Map(over)
      const seen = yield* read
      assert.isNotEmpty(seen)
      for (const { id, population } of seen) {
        const version = Math.max(0, population - 10_000)
        if (version < (least.get(id) ?? 0) || version > (begun.get(id) ?? 0)) {
          wrong.push(`${what} of ${id} saw ${version}, not ${least.get(id)} to ${begun.get(id)}`)
        }
      }
    })

  const reader = Effect.fnUntraced(function* (number: number) {
    for (let round = 0; round < 40; round++) {
      const id = ids[(number + round) % ids.length] ?? tokyo.id
      yield* watch(
        "byId",
        Effect.map(cities.byId(id), (city) => [city])
      )
      yield* watch("byIds", cities.byIds(ids))
      yield* watch(
        "largest",
        Effect.map(cities.largest(japan, 3), ({ largest }) => largest)
      )
      assert.strictEqual((yield* rateLimit.check("client"))._tag, "Allowed")
      visited++
      const count = Option.getOrElse(yield* visits.count(id), () => 1)
      assert.isTrue(count >= 1 && count <= visited)
      yield* Effect.sleep((number * 3 + round) % 11)
    }
  })

  const writer = Effect.fnUntraced(function* (id: CityId) {
    for (let round = 0; round < 60; round++) {
      yield* update(id)
      yield* Effect.sleep((round * 7) % 40)
    }
  })

  yield* Effect.all([...Array.from({ length: 8 }, (_, number) => reader(number)), ...ids.map(writer)], {
    concurrency: "unbounded",
    discard: true
  })
  return { wrong, last: new Map(begun) }
})

/** Runs an effect while the clock goes on, by 3 ms a step. */
const whileTimePasses = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const running = yield* Effect.forkChild(effect)
    while (running.pollUnsafe() === undefined) yield* TestClock.adjust("3 millis")
    return yield* Fiber.join(running)
  })

const bad: Omit<ChaosOptions, "seed"> = {
  failures: {
    rate: 0.15,
    reasons: ["Unavailable", "TimedOut", "ConnectionLost", "AccessDenied", "OutOfMemory", "Unknown"]
  },
  drops: { rate: 0.1 },
  delays: { rate: 0.4, max: "60 millis" }
}
const worse: Omit<ChaosOptions, "seed"> = {
  failures: { rate: 0.6 },
  drops: { rate: 0.3 },
  delays: { rate: 0.5, max: "250 millis" }
}

describe("the catalogue on a bad cache", () => {
  for (const [name, chaos, breaker] of [
    ["bad", bad, { failures: 1_000_000 }],
    ["bad, with a breaker", bad, {}],
    ["bad, with a breaker that opens at once", bad, { failures: 1, delay: "10 millis", maxDelay: "50 millis" }],
    ["nearly always failing", worse, {}]
  ] as const) {
    for (const seed of [1, 2, 3, 4, 5]) {
      it.effect(`answers every request, and none wrong: ${name}, seed ${seed}`, () =>
        Effect.gen(function* () {
          const { last, wrong } = yield* whileTimePasses(storm)
          assert.deepStrictEqual(wrong, [])
          const { delayed, dropped, failed } = yield* Chaos.counts
          assert.isAbove(delayed + dropped + failed, 15)

          yield* Chaos.calm
          const cities = yield* Cities
          // The first reads close the breaker and retry pending invalidations, the last are answered from the cache alone.
          for (let round = 0; round < 20; round++) {
            yield* TestClock.adjust("5 seconds")
            for (const id of ids) {
              const { population } = yield* whileTimePasses(cities.byId(id))
              assert.strictEqual(population, 10_000 + (last.get(id) ?? 0))
            }
          }
          const before = yield* queries
          for (const id of ids) yield* whileTimePasses(cities.byId(id))
          assert.strictEqual(yield* queries, before)
        }).pipe(Effect.provide(onBadCache({ seed, ...chaos }, breaker)), Effect.provide(Logger.layer([])))
      )
    }
  }
})
