import { assert, describe, it } from "@effect/vitest"
import { FailOpen } from "@hexcache/cache-layers"
import {
  AccessDenied,
  CachePort,
  CacheStats,
  ConnectionLost,
  InvalidValue,
  OutOfMemory,
  OutOfRange,
  TimedOut,
  TimeToLive,
  Unavailable,
  Unknown,
  Unsupported,
  WrongType
} from "@hexcache/cache-port"
import * as Faulty from "@hexcache/cache-port/test-support/Faulty"
import { Effect, Layer, Logger, Option, References, Stream } from "effect"
import { TestClock } from "effect/testing"

const over = (faulty: Faulty.Faulty) => Layer.provide(FailOpen.layer, Layer.succeed(CachePort, faulty.cache))

/** The results of a failing store below FailOpen; `ping` has none. */
const instead: Record<string, unknown> = {
  get: Option.none(),
  getJson: Option.none(),
  set: undefined,
  setJson: undefined,
  setIfAbsent: false,
  delete: false,
  deleteMany: 0,
  getAndDelete: Option.none(),
  compareAndDelete: false,
  getAndExpire: Option.none(),
  compareAndExpire: false,
  exists: false,
  expire: false,
  ttl: TimeToLive.Missing(),
  increment: 0,
  decrement: 0,
  getMany: new Map([
    ["key", Option.none()],
    ["other", Option.none()]
  ]),
  setMany: undefined,
  deletePattern: 0,
  scan: ["first"],
  flush: undefined
}

/** Runs an effect and returns the warnings that it logs, with their annotations. */
const warningsOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const warnings: Array<unknown> = []
    const logger = Logger.make(({ fiber, message }) => {
      warnings.push([String(message), fiber.getRef(References.CurrentLogAnnotations)])
    })
    return Effect.as(Effect.provide(effect, Logger.layer([logger])), warnings)
  })

const silently = Effect.provide(Logger.layer([]))

describe("FailOpen", () => {
  for (const Reason of [Unavailable, TimedOut, ConnectionLost, AccessDenied, OutOfMemory, Unknown]) {
    it.effect(`FailOpen makes a store that fails with ${Reason.name} look empty, but for ping`, () => {
      const faulty = Faulty.make()
      faulty.failure = Faulty.failure(Reason)
      return Effect.gen(function* () {
        const cache = yield* CachePort
        for (const [name, asked] of Faulty.everyOperation(cache)) {
          if (name === "ping") continue
          assert.deepStrictEqual(yield* asked, instead[name], name)
        }
        assert.strictEqual(yield* FailOpen.failures, Object.keys(instead).length)
        assert.strictEqual((yield* Effect.flip(cache.ping)).reason._tag, Reason.name)
        assert.strictEqual(yield* FailOpen.failures, Object.keys(instead).length)
      }).pipe(Effect.provide(over(faulty)), silently)
    })
  }

  for (const Reason of [WrongType, OutOfRange, InvalidValue, Unsupported]) {
    it.effect(`FailOpen fails with ${Reason.name} as the store does`, () => {
      const faulty = Faulty.make()
      faulty.failure = Faulty.failure(Reason)
      return Effect.gen(function* () {
        const cache = yield* CachePort
        const { attempt, strict } = yield* FailOpen
        assert.strictEqual((yield* Effect.flip(cache.increment("key"))).reason._tag, Reason.name)
        assert.strictEqual((yield* Effect.flip(Stream.runDrain(cache.scan("*")))).reason._tag, Reason.name)
        assert.strictEqual((yield* Effect.flip(attempt(strict.increment("key")))).reason._tag, Reason.name)
        assert.strictEqual(yield* FailOpen.failures, 0)
      }).pipe(Effect.provide(over(faulty)))
    })
  }

  it.effect("FailOpen fails on invalid input, also while the store fails", () => {
    const faulty = Faulty.make()
    faulty.failure = Faulty.failure(Unavailable)
    return Effect.gen(function* () {
      const cache = yield* CachePort
      const untyped = undefined as unknown as string
      for (const asked of [
        cache.get(""),
        cache.set("key", "value", { ttl: 0 }),
        cache.getMany(["key", ""]),
        cache.getMany(untyped),
        cache.deleteMany([untyped]),
        cache.setMany([["key", untyped]]),
        cache.increment("key", 0.5),
        Stream.runDrain(cache.scan("[é]"))
      ]) {
        assert.strictEqual((yield* Effect.flip(asked)).reason._tag, "InvalidArgument")
      }
      assert.strictEqual(faulty.asked, 0)
      assert.strictEqual(yield* FailOpen.failures, 0)
    }).pipe(Effect.provide(over(faulty)))
  })

  it.effect("FailOpen returns the results of a store that works", () => {
    const faulty = Faulty.make()
    return Effect.gen(function* () {
      const cache = yield* CachePort
      for (const [index, [name, asked]] of Faulty.everyOperation(cache).entries()) {
        const [, strict] = Faulty.everyOperation(faulty.cache)[index] ?? []
        assert.deepStrictEqual(yield* asked, yield* strict ?? Effect.void, name)
      }
      assert.strictEqual(yield* FailOpen.failures, 0)
    }).pipe(Effect.provide(over(faulty)))
  })

  it.effect("FailOpen.strict and FailOpen.attempt show a failure, and attempt counts it", () => {
    const faulty = Faulty.make()
    return Effect.gen(function* () {
      const { attempt, strict } = yield* FailOpen
      assert.deepStrictEqual(yield* attempt(strict.get("key")), Option.some(Option.some("1")))
      faulty.failure = Faulty.failure(TimedOut)
      assert.deepStrictEqual(yield* attempt(strict.get("key")), Option.none())
      assert.strictEqual((yield* Effect.flip(strict.get("key"))).reason._tag, "TimedOut")
      assert.strictEqual(yield* FailOpen.failures, 1)
    }).pipe(Effect.provide(over(faulty)), silently)
  })

  it.effect("FailOpen warns at most once in 10 seconds, with the number of failures in between", () => {
    const faulty = Faulty.make()
    faulty.failure = Faulty.failure(TimedOut)
    const warning = (operation: string, suppressed: number) => [
      "The cache fails (TimedOut), going on without it",
      { code: "CACHE_CONNECTION_ERROR", operation, suppressed }
    ]
    return Effect.gen(function* () {
      const cache = yield* CachePort
      const warnings = yield* warningsOf(
        Effect.gen(function* () {
          yield* Effect.replicateEffect(cache.get("key"), 100)
          yield* TestClock.adjust("9999 millis")
          yield* cache.get("key")
          yield* TestClock.adjust("1 millis")
          yield* cache.set("key", "value")
          yield* cache.set("key", "value")
          yield* TestClock.adjust("1 hour")
          yield* cache.delete("key")
        })
      )
      assert.deepStrictEqual(warnings, [warning("get", 0), warning("set", 100), warning("delete", 1)])
      assert.strictEqual(yield* FailOpen.failures, 104)
    }).pipe(Effect.provide(over(faulty)))
  })

  it.effect("A key of 65,536 bytes works in a namespace, and its failure is an error and no miss", () => {
    const faulty = Faulty.make()
    const name = `orders-${Math.random()}`
    return Effect.gen(function* () {
      const orders = CachePort.namespaced(yield* CachePort, name)
      yield* orders.set("k".repeat(65_536), "value")
      faulty.failure = Faulty.failure(Unavailable)
      yield* orders.get("key")
      assert.deepStrictEqual(yield* CacheStats.of(name), { hits: 0, misses: 0, errors: 1, hitRate: 0 })
    }).pipe(Effect.provide(over(faulty)), silently)
  })

  it.effect("FailOpen works in every namespace, and counts them together", () => {
    const faulty = Faulty.make()
    faulty.failure = Faulty.failure(Unavailable)
    return Effect.gen(function* () {
      const orders = CachePort.namespaced(yield* CachePort, "orders")
      const inner = CachePort.namespaced(orders, "inner")
      assert.deepStrictEqual(yield* orders.getMany(["key"]), new Map([["key", Option.none()]]))
      assert.strictEqual(yield* inner.increment("key"), 0)
      yield* inner.flush
      assert.strictEqual((yield* Effect.flip(inner.get(""))).reason._tag, "InvalidArgument")
      assert.strictEqual((yield* Effect.flip(inner.ping)).reason._tag, "Unavailable")
      assert.strictEqual(yield* FailOpen.failures, 3)
    }).pipe(Effect.provide(over(faulty)), silently)
  })
})
