import { assert, describe, it } from "@effect/vitest"
import { Chaos, type ChaosOptions } from "@hexcache/cache-contract"
import { type CacheError, CachePort } from "@hexcache/cache-port"
import { Effect, Exit, Fiber, Layer, Option, Stream } from "effect"
import { TestClock } from "effect/testing"
import { makeReference } from "./wrong/Reference.ts"

/** A cache that is right, and the chaos around it. */
const over = (options: ChaosOptions) => {
  const right = CachePort.fromDriver(makeReference())
  return { right, layer: Layer.provide(Chaos.layer(options), Layer.succeed(CachePort, right)) }
}

const stormy: ChaosOptions = {
  seed: 1,
  failures: { rate: 0.2 },
  drops: { rate: 0.1 },
  delays: { rate: 0.3, min: "5 millis", max: "50 millis" }
}

/** How each operation of a mixed sequence ended. */
const outcomes = Effect.gen(function* () {
  const cache = yield* CachePort
  const space = CachePort.namespaced(cache, "space")
  const sequence: ReadonlyArray<Effect.Effect<unknown, CacheError>> = [
    cache.set("key", "value"),
    space.increment("count"),
    cache.get("key"),
    Stream.runCollect(cache.scan("*")),
    space.getMany(["count"]),
    cache.ping
  ]
  const ended: Array<string> = []
  for (let round = 0; round < 50; round++) {
    for (const operation of sequence) {
      ended.push(
        yield* Effect.match(operation, {
          onSuccess: (answer) => JSON.stringify([answer]),
          onFailure: ({ outcome, reason }) => `${reason._tag} ${outcome}`
        })
      )
    }
  }
  return ended
})

describe("Chaos", () => {
  it("A chaos plans the same for the same seed, and something else for another", () => {
    assert.deepStrictEqual(Chaos.plan(stormy, 1_000), Chaos.plan({ ...stormy }, 1_000))
    assert.deepStrictEqual(Chaos.plan(stormy, 1_000).slice(0, 10), Chaos.plan(stormy, 10))
    for (const seed of [0, 2, -1, 2 ** 31]) {
      assert.notDeepEqual(Chaos.plan(stormy, 100), Chaos.plan({ ...stormy, seed }, 100))
    }
  })

  it("A chaos plans rates that are about right, whatever the seed", () => {
    for (let seed = 0; seed < 20; seed++) {
      const plan = Chaos.plan({ ...stormy, seed }, 10_000)
      const share = (of: ReadonlyArray<unknown>, among: ReadonlyArray<unknown> = plan) => of.length / among.length
      const failed = plan.filter((fate) => fate._tag === "Failed")
      const dropped = plan.filter((fate) => fate._tag === "Dropped")
      const delayed = plan.filter(({ delay }) => delay > 0)
      assert.approximately(share(failed), 0.2, 0.02)
      assert.approximately(share(dropped), 0.1, 0.02)
      assert.approximately(share(delayed), 0.3, 0.02)
      assert.approximately(
        share(
          dropped.filter(({ isExecuted }) => isExecuted),
          dropped
        ),
        0.5,
        0.06
      )
      for (const reason of ["Unavailable", "TimedOut", "ConnectionLost"]) {
        const failedSo = failed.filter((fate) => fate.reason === reason)
        assert.approximately(share(failedSo, failed), 1 / 3, 0.05)
      }
      assert.isTrue(delayed.every(({ delay }) => delay >= 5 && delay <= 50 && Number.isInteger(delay)))
      assert.includeMembers(
        delayed.map(({ delay }) => delay),
        [5, 50]
      )
    }
  })

  it.effect("A chaos carries out its plan, the same each time", () =>
    Effect.gen(function* () {
      const runs: Array<ReadonlyArray<string>> = []
      for (let run = 0; run < 2; run++) {
        const running = yield* Effect.forkChild(Effect.provide(outcomes, over(stormy).layer))
        yield* TestClock.adjust("1 minute")
        runs.push(yield* Fiber.join(running))
      }
      const [first = [], second] = runs
      assert.deepStrictEqual(first, second)
      const plan = Chaos.plan(stormy, first.length)
      for (const [index, fate] of plan.entries()) {
        if (fate._tag === "Failed") assert.strictEqual(first[index], `${fate.reason} NotExecuted`)
        else if (fate._tag === "Dropped") assert.strictEqual(first[index], `${fate.reason} Unknown`)
        else assert.match(first[index] ?? "", /^\[/)
      }
    })
  )

  it.effect("A chaos delays by Clock", () => {
    const { layer } = over({ seed: 1, delays: { rate: 1, min: "20 millis", max: "20 millis" } })
    return Effect.gen(function* () {
      const asking = yield* Effect.forkChild(CachePort.use(({ ping }) => ping))
      yield* TestClock.adjust("19 millis")
      assert.isUndefined(asking.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.isDefined(asking.pollUnsafe())
      assert.deepStrictEqual(yield* Chaos.counts, { operations: 1, failed: 0, dropped: 0, delayed: 1 })
    }).pipe(Effect.provide(layer))
  })

  it.effect("A write that failed has not happened", () => {
    const { layer, right } = over({ seed: 1, failures: { rate: 1, reasons: ["OutOfMemory"] } })
    return Effect.gen(function* () {
      const cache = yield* CachePort
      const error = yield* Effect.flip(cache.set("key", "value"))
      assert.strictEqual(error.reason._tag, "OutOfMemory")
      assert.strictEqual(error.outcome, "NotExecuted")
      assert.strictEqual(error.key, "key")
      assert.isFalse(yield* right.exists("key"))
    }).pipe(Effect.provide(layer))
  })

  it.effect("A write that was dropped has happened or not, and its failure leaves that open", () => {
    const options: ChaosOptions = { seed: 3, drops: { rate: 0.5 } }
    const { layer, right } = over(options)
    return Effect.gen(function* () {
      const cache = yield* CachePort
      const seen = new Set<string>()
      for (const [index, fate] of Chaos.plan(options, 200).entries()) {
        const exit = yield* Effect.exit(cache.set(`key-${index}`, "value"))
        const isThere = yield* right.exists(`key-${index}`)
        if (fate._tag === "Dropped") {
          assert.isTrue(Exit.isFailure(exit))
          assert.strictEqual(isThere, fate.isExecuted)
          seen.add(`${fate.reason} ${isThere}`)
        } else {
          assert.isTrue(Exit.isSuccess(exit))
          assert.isTrue(isThere)
        }
      }
      assert.deepStrictEqual(
        seen,
        new Set(["TimedOut true", "TimedOut false", "ConnectionLost true", "ConnectionLost false"])
      )
      const error = yield* Effect.flip(Effect.forever(cache.increment("count")))
      assert.strictEqual(error.outcome, "Unknown")
      assert.isFalse(error.isRetryable)
    }).pipe(Effect.provide(layer))
  })

  it.effect("A chaos refuses bad input as ever", () => {
    const { layer } = over({ seed: 1, failures: { rate: 0.5 }, drops: { rate: 0.5 } })
    return Effect.gen(function* () {
      const cache = yield* CachePort
      for (const operation of [cache.get(""), cache.getMany([""]), Stream.runDrain(cache.scan("[é]"))]) {
        assert.strictEqual((yield* Effect.flip(operation)).reason._tag, "InvalidArgument")
      }
      assert.strictEqual((yield* cache.getMany([])).size, 0)
      assert.strictEqual((yield* Chaos.counts).operations, 0)
    }).pipe(Effect.provide(layer))
  })

  it.effect("A chaos ends with calm", () => {
    const { layer } = over({ seed: 1, failures: { rate: 1 } })
    return Effect.gen(function* () {
      const cache = yield* CachePort
      yield* Effect.flip(cache.set("key", "value"))
      yield* Chaos.calm
      yield* cache.set("key", "value")
      assert.deepStrictEqual(yield* cache.get("key"), Option.some("value"))
      assert.deepStrictEqual(yield* Chaos.counts, { operations: 3, failed: 1, dropped: 0, delayed: 0 })
    }).pipe(Effect.provide(layer))
  })

  for (const options of [
    { failures: { rate: 1.1 } },
    { failures: { rate: -1 } },
    { failures: { rate: Number.NaN } },
    { failures: { rate: 0.6 }, drops: { rate: 0.5 } },
    { failures: { rate: 0.5, reasons: [] } },
    { failures: { rate: 0.5, reasons: ["Bored"] } },
    { drops: { rate: 0.5, executed: 2 } },
    { delays: { rate: 0.5, min: 5, max: 1 } },
    { delays: { rate: 0.5, max: "Infinity" } }
  ] as ReadonlyArray<Omit<ChaosOptions, "seed">>) {
    it.effect(`A chaos refuses ${JSON.stringify(options)}`, () =>
      Effect.gen(function* () {
        const { layer } = over({ seed: 1, ...options })
        const error = yield* Effect.flip(Effect.provide(Chaos.counts, layer))
        assert.strictEqual(error.operation, "layer")
        assert.strictEqual(error.reason._tag, "InvalidArgument")
        assert.throws(() => Chaos.plan({ seed: 1, ...options }, 1))
      })
    )
  }
})
