import { assert, describe, it } from "@effect/vitest"
import { Breaker, type BreakerOptions } from "@hexcache/cache-layers"
import {
  AccessDenied,
  CachePort,
  ConnectionLost,
  OutOfMemory,
  TimedOut,
  Unavailable,
  Unknown,
  Unsupported,
  WrongType
} from "@hexcache/cache-port"
import * as Faulty from "@hexcache/cache-port/test-support/Faulty"
import { Deferred, Effect, Fiber, Layer, Option, Random, Stream } from "effect"
import { TestClock } from "effect/testing"

const on = (faulty: Faulty.Faulty, options: BreakerOptions = {}) =>
  Layer.provide(Breaker.layer(options), Layer.succeed(CachePort, faulty.cache))

/** The delay is drawn from the upper half of its length: 0 draws all of it, 1 half. */
const drawing = (number: number) =>
  Effect.provideService(Random.Random, { nextDoubleUnsafe: () => number, nextIntUnsafe: () => 0 })

/** A test on a store that a breaker stands in front of, with the longest delays that may be drawn. */
const test = (
  name: string,
  body: (faulty: Faulty.Faulty) => Effect.Effect<void, unknown, CachePort | Breaker>,
  options?: BreakerOptions
) =>
  it.effect(name, () => {
    const faulty = Faulty.make()
    return body(faulty).pipe(Effect.provide(on(faulty, options)), drawing(0))
  })

const get = CachePort.use((cache) => Effect.exit(cache.get("key")))

/** Fails until the breaker opens. */
const trip = (faulty: Faulty.Faulty) =>
  Effect.gen(function* () {
    faulty.failure = Faulty.failure(TimedOut)
    while ((yield* Breaker.state) !== "open") yield* get
  })

describe("Breaker", () => {
  for (const Reason of [Unavailable, TimedOut, ConnectionLost]) {
    test(`opens after five failures in a row with ${Reason.name}`, (faulty) =>
      Effect.gen(function* () {
        faulty.failure = Faulty.failure(Reason)
        for (let failures = 1; failures <= 5; failures++) {
          assert.strictEqual(yield* Breaker.state, "closed")
          yield* get
        }
        assert.strictEqual(yield* Breaker.state, "open")
      }))
  }

  test("While open, every operation fails at once with Unavailable, and the store is left alone", (faulty) =>
    Effect.gen(function* () {
      yield* trip(faulty)
      faulty.failure = undefined
      faulty.asked = 0
      const cache = yield* CachePort
      for (const [name, asked] of Faulty.everyOperation(cache)) {
        const error = (yield* Effect.flip(asked)) as { readonly [field: string]: unknown }
        assert.propertyVal(error, "operation", name)
        assert.propertyVal(error, "outcome", "NotExecuted")
        assert.propertyVal(error, "isRetryable", true)
        assert.propertyVal(error.reason, "_tag", "Unavailable")
      }
      const ofOne = yield* Effect.flip(cache.get("key"))
      assert.strictEqual(ofOne.key, "key")
      assert.strictEqual(ofOne.message, 'get "key" failed: the breaker is open, the store was not asked (Unavailable)')
      const ofMany = yield* Effect.flip(
        cache.setMany([
          ["a", "1"],
          ["b", "2"],
          ["a", "3"]
        ])
      )
      assert.deepStrictEqual(ofMany.keys, ["a", "b"])
      assert.strictEqual(faulty.asked, 0)
    }))

  test("While open, bad input is still InvalidArgument, and no keys are still none", (faulty) =>
    Effect.gen(function* () {
      yield* trip(faulty)
      const cache = yield* CachePort
      for (const asked of [
        cache.get(""),
        cache.set("key", 5 as unknown as string),
        cache.setMany([["key", "\ud800"]]),
        cache.deleteMany(undefined as unknown as ReadonlyArray<string>),
        Stream.runDrain(cache.scan("[é]"))
      ]) {
        assert.strictEqual((yield* Effect.flip(asked)).reason._tag, "InvalidArgument")
      }
      assert.strictEqual((yield* cache.getMany([])).size, 0)
      assert.strictEqual(yield* cache.deleteMany([]), 0)
      assert.isUndefined(yield* cache.setMany([]))
    }))

  for (const Reason of [WrongType, AccessDenied, OutOfMemory, Unknown]) {
    test(`a row of failures ends with a success, and with ${Reason.name}, which is an answer`, (faulty) =>
      Effect.gen(function* () {
        for (const answer of [undefined, Faulty.failure(Reason)]) {
          faulty.failure = Faulty.failure(TimedOut)
          yield* Effect.replicateEffect(get, 4)
          faulty.failure = answer
          yield* get
        }
        faulty.failure = Faulty.failure(TimedOut)
        yield* Effect.replicateEffect(get, 4)
        assert.strictEqual(yield* Breaker.state, "closed")
        yield* get
        assert.strictEqual(yield* Breaker.state, "open")
      }))
  }

  test("Bad input, interruption and an operation that the store lacks neither end a row of failures nor add to it", (faulty) =>
    Effect.gen(function* () {
      const cache = yield* CachePort
      faulty.failure = Faulty.failure(TimedOut)
      yield* Effect.replicateEffect(get, 4)
      for (let round = 0; round < 10; round++) {
        yield* Effect.flip(cache.get(""))
        faulty.failure = Faulty.failure(Unsupported)
        yield* get
        faulty.failure = Faulty.failure(TimedOut)
        faulty.hold = Effect.never
        yield* Fiber.interrupt(yield* Effect.forkChild(cache.get("key"), { startImmediately: true }))
        faulty.hold = Effect.void
      }
      assert.strictEqual(yield* Breaker.state, "closed")
      yield* get
      assert.strictEqual(yield* Breaker.state, "open")
    }))

  test("After the delay one operation goes through as a probe, and its success closes the breaker", (faulty) =>
    Effect.gen(function* () {
      yield* trip(faulty)
      faulty.failure = undefined
      faulty.asked = 0
      const answer = yield* Deferred.make<void>()
      faulty.hold = Deferred.await(answer)
      yield* TestClock.adjust("99 millis")
      assert.isTrue((yield* get)._tag === "Failure")
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Breaker.state, "open")

      const cache = yield* CachePort
      const probe = yield* Effect.forkChild(cache.get("key"), { startImmediately: true })
      assert.strictEqual(yield* Breaker.state, "half-open")
      for (const asked of [cache.get("key"), cache.ping, Stream.runDrain(cache.scan("*"))]) {
        assert.strictEqual((yield* Effect.flip(asked)).reason._tag, "Unavailable")
      }
      assert.strictEqual(faulty.asked, 1)

      yield* Deferred.succeed(answer, undefined)
      assert.deepStrictEqual(yield* Fiber.join(probe), Option.some("1"))
      assert.strictEqual(yield* Breaker.state, "closed")
      assert.isTrue(yield* cache.ping)
    }))

  test("A ping may be the probe, and so may a scan", (faulty) =>
    Effect.gen(function* () {
      const cache = yield* CachePort
      for (const probe of [
        cache.ping,
        Stream.runDrain(cache.scan("*")),
        Stream.runDrain(Stream.take(cache.scan("*"), 1))
      ]) {
        yield* trip(faulty)
        faulty.failure = undefined
        yield* TestClock.adjust("1 hour")
        yield* probe
        assert.strictEqual(yield* Breaker.state, "closed")
        yield* TestClock.adjust("1 hour")
      }
    }))

  test("Each failed probe doubles the delay, up to the longest", (faulty) =>
    Effect.gen(function* () {
      yield* trip(faulty)
      for (const delay of [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]) {
        faulty.asked = 0
        yield* TestClock.adjust(delay - 1)
        yield* get
        assert.strictEqual(faulty.asked, 0)
        yield* TestClock.adjust(1)
        yield* get
        assert.strictEqual(faulty.asked, 1, `after ${delay} ms`)
        assert.strictEqual(yield* Breaker.state, "open")
      }
    }))

  it.effect("The delay is drawn from the upper half of its length", () => {
    const faulty = Faulty.make()
    return Effect.gen(function* () {
      yield* trip(faulty)
      faulty.failure = undefined
      yield* TestClock.adjust(50)
      assert.strictEqual((yield* get)._tag, "Failure")
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* get)._tag, "Success")
    }).pipe(Effect.provide(on(faulty)), drawing(0.99))
  })

  test("A store that fails again soon gets the next longer delay, and later the first one", (faulty) =>
    Effect.gen(function* () {
      const close = (after: number) =>
        Effect.gen(function* () {
          faulty.failure = undefined
          yield* TestClock.adjust(after - 1)
          assert.strictEqual((yield* get)._tag, "Failure", `${after} ms`)
          yield* TestClock.adjust(1)
          assert.strictEqual((yield* get)._tag, "Success", `${after} ms`)
        })
      yield* trip(faulty)
      yield* close(100)
      yield* TestClock.adjust(99)
      yield* trip(faulty)
      yield* close(200)
      yield* TestClock.adjust(200)
      yield* trip(faulty)
      yield* close(100)
    }))

  test("An interrupted probe leaves its place to the next operation", (faulty) =>
    Effect.gen(function* () {
      yield* trip(faulty)
      faulty.failure = undefined
      yield* TestClock.adjust("1 second")
      const cache = yield* CachePort
      for (const asked of [cache.get("key"), Stream.runDrain(cache.scan("*")), cache.ping]) {
        faulty.hold = Effect.never
        const probe = yield* Effect.forkChild(asked, { startImmediately: true })
        yield* Effect.yieldNow
        assert.strictEqual(yield* Breaker.state, "half-open")
        assert.strictEqual((yield* get)._tag, "Failure")
        yield* Fiber.interrupt(probe)
        faulty.hold = Effect.void
      }
      yield* Effect.flip(cache.get(""))
      assert.strictEqual((yield* get)._tag, "Success")
      assert.strictEqual(yield* Breaker.state, "closed")
    }))

  test("A probe that hangs makes way for another one after the longest delay", (faulty) =>
    Effect.gen(function* () {
      yield* trip(faulty)
      faulty.failure = undefined
      faulty.hold = Effect.never
      yield* TestClock.adjust("1 second")
      const cache = yield* CachePort
      const hanging = yield* Effect.forkChild(cache.get("key"), { startImmediately: true })
      faulty.hold = Effect.void
      yield* TestClock.adjust("4999 millis")
      assert.strictEqual((yield* get)._tag, "Failure")
      yield* TestClock.adjust("1 millis")
      assert.strictEqual((yield* get)._tag, "Success")
      yield* Fiber.interrupt(hanging)
      assert.strictEqual(yield* Breaker.state, "closed")
    }))

  test("An operation from before a change of state changes nothing when it ends", (faulty) =>
    Effect.gen(function* () {
      const cache = yield* CachePort
      const answer = yield* Deferred.make<void>()
      faulty.hold = Deferred.await(answer)
      const early = yield* Effect.forEach(Array.from({ length: 20 }), () =>
        Effect.forkChild(Effect.exit(cache.get("key")), { startImmediately: true })
      )
      faulty.hold = Effect.void
      yield* trip(faulty)
      faulty.failure = undefined
      yield* TestClock.adjust("1 second")
      yield* get
      assert.strictEqual(yield* Breaker.state, "closed")
      faulty.failure = Faulty.failure(ConnectionLost)
      yield* Deferred.succeed(answer, undefined)
      yield* Effect.forEach(early, Fiber.await)
      assert.strictEqual(yield* Breaker.state, "closed")
    }))

  test("A breaker works where interruption is off", (faulty) =>
    Effect.gen(function* () {
      const uninterruptible = Effect.uninterruptible(get)
      assert.strictEqual((yield* uninterruptible)._tag, "Success")
      yield* trip(faulty)
      faulty.failure = undefined
      assert.strictEqual((yield* uninterruptible)._tag, "Failure")
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* uninterruptible)._tag, "Success")
    }))

  test("A stream of keys counts as one operation", (faulty) =>
    Effect.gen(function* () {
      const cache = yield* CachePort
      faulty.failure = Faulty.failure(ConnectionLost)
      yield* Effect.replicateEffect(Effect.exit(Stream.runDrain(cache.scan("*"))), 4)
      assert.strictEqual(yield* Breaker.state, "closed")
      yield* Effect.exit(Stream.runDrain(cache.scan("*")))
      assert.strictEqual(yield* Breaker.state, "open")
    }))

  test("All namespaces share the state", (faulty) =>
    Effect.gen(function* () {
      const cache = yield* CachePort
      const orders = CachePort.namespaced(cache, "orders")
      const inner = CachePort.namespaced(orders, "inner")
      faulty.failure = Faulty.failure(TimedOut)
      for (const each of [cache, orders, inner, orders, inner]) yield* Effect.flip(each.get("key"))
      faulty.asked = 0
      for (const each of [cache, orders, inner]) {
        const error = yield* Effect.flip(each.getMany(["key"]))
        assert.strictEqual(error.reason._tag, "Unavailable")
        assert.deepStrictEqual(error.keys, ["key"])
      }
      assert.strictEqual(faulty.asked, 0)
    }))

  test("A key of 65,536 bytes works in a namespace, as it does without a breaker", () =>
    Effect.gen(function* () {
      const orders = CachePort.namespaced(CachePort.namespaced(yield* CachePort, "orders"), "inner")
      yield* orders.set("k".repeat(65_536), "value")
      assert.strictEqual((yield* Effect.flip(orders.get("k".repeat(65_537)))).reason._tag, "InvalidArgument")
    }))

  test(
    "takes its limits from the options",
    (faulty) =>
      Effect.gen(function* () {
        faulty.failure = Faulty.failure(Unavailable)
        yield* get
        assert.strictEqual(yield* Breaker.state, "open")
        for (const delay of [1_000, 2_000, 2_500, 2_500]) {
          faulty.asked = 0
          yield* TestClock.adjust(delay - 1)
          yield* get
          yield* TestClock.adjust(1)
          yield* get
          assert.strictEqual(faulty.asked, 1)
        }
      }),
    { failures: 1, delay: "1 second", maxDelay: "2500 millis" }
  )

  for (const options of [
    { failures: 0 },
    { failures: 1.5 },
    { failures: Number.NaN },
    { delay: 0 },
    { delay: "Infinity" },
    { delay: Number.NaN },
    { delay: -5 },
    { delay: "6 seconds" },
    { maxDelay: "Infinity" },
    { maxDelay: "soon" },
    { failuers: 5 }
  ] as ReadonlyArray<BreakerOptions>) {
    it.effect(`Breaker.layer refuses ${JSON.stringify(options)}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Effect.provide(Breaker.state, on(Faulty.make(), options)))
        assert.strictEqual(error.operation, "layer")
        assert.strictEqual(error.reason._tag, "InvalidArgument")
      })
    )
  }
})
