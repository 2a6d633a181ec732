import { assert, describe, it } from "@effect/vitest"
import {
  type CacheError,
  CachePort,
  CacheStats,
  type CallbackOperations,
  type DriverCallback,
  DriverFailure,
  Unavailable
} from "@hexcache/cache-port"
import { Effect, Fiber, Option } from "effect"
import { MapStore } from "./support/MapStore.ts"

/** A store that calls back when the test calls `results`. */
const setup = (namespace: string) => {
  const store = new MapStore()
  const calls: Array<ReadonlyArray<unknown>> = []
  const gone: Array<string> = []
  const results: {
    get: DriverCallback<string | undefined>
    set: DriverCallback<void>
    increment: DriverCallback<number>
  } = {
    get: () => assert.fail("get was not called"),
    set: () => assert.fail("set was not called"),
    increment: () => assert.fail("increment was not called")
  }
  const leaving = (operation: string) => Effect.sync(() => void gone.push(operation))
  const operations = (prefix: string): CallbackOperations => ({
    get: (key, callback) => {
      calls.push(["get", prefix + key])
      results.get = callback
      return undefined
    },
    set: (key, value, ttl, callback) => {
      calls.push(["set", prefix + key, value, ttl])
      results.set = callback
      return leaving("set")
    },
    increment: (key, amount, ttl, callback) => {
      calls.push(["increment", prefix + key, amount, ttl])
      results.increment = callback
      return leaving("increment")
    }
  })
  const fastPaths = (prefix: string) => ({ callback: operations(prefix) })
  const cache = CachePort.fromDriver({ ...store.driver, fastPaths }, { namespace })
  return { cache, store, calls, results, gone }
}

const away = new DriverFailure(new Unavailable({ message: "by the test" }), "Unknown", "LOADING")

describe("CallbackOperations", () => {
  it.effect("The port calls an operation with a callback in place of the usual one", () => {
    const { results, calls, cache, store } = setup("by callback")
    return Effect.gen(function* () {
      const writing = yield* Effect.forkChild(cache.set("a", "1", { ttl: 1_000 }), { startImmediately: true })
      results.set(undefined)
      assert.isUndefined(yield* Fiber.join(writing))
      const reading = yield* Effect.forkChild(cache.get("a"), { startImmediately: true })
      results.get("1")
      assert.deepStrictEqual(yield* Fiber.join(reading), Option.some("1"))
      const adding = yield* Effect.forkChild(cache.decrement("n", 2), { startImmediately: true })
      results.increment(40)
      assert.strictEqual(yield* Fiber.join(adding), 40)
      assert.deepStrictEqual(calls, [
        ["set", "by callback:a", "1", 1_000],
        ["get", "by callback:a"],
        ["increment", "by callback:n", -2, undefined]
      ])
      assert.strictEqual(store.count("set") + store.count("get") + store.count("increment"), 0)
    })
  })

  it.effect("A failure by callback has operation, key, outcome and server code", () => {
    const { results, cache } = setup("failing callback")
    return Effect.gen(function* () {
      const operations = { get: cache.get("a"), set: cache.set("a", "1"), increment: cache.increment("a") }
      for (const operation of ["get", "set", "increment"] as const) {
        const failing = Effect.flip(Effect.asVoid<unknown, CacheError, never>(operations[operation]))
        const running = yield* Effect.forkChild(failing, { startImmediately: true })
        results[operation](away)
        const error = yield* Fiber.join(running)
        assert.deepInclude(error, { operation, key: "a", outcome: "Unknown", serverCode: "LOADING" })
      }
      assert.strictEqual((yield* CacheStats.of("failing callback")).errors, 3)
    })
  })

  it.effect("An interrupted caller runs the cancellation, and a callback behind it changes nothing", () => {
    const { results, cache, gone } = setup("left callback")
    return Effect.gen(function* () {
      for (const operation of [cache.get("a"), cache.set("a", "1"), cache.increment("a")]) {
        const running = yield* Effect.forkChild(Effect.asVoid<unknown, CacheError, never>(operation), {
          startImmediately: true
        })
        yield* Fiber.interrupt(running)
      }
      assert.deepStrictEqual(gone, ["set", "increment"])
      results.get("1")
      results.set(away)
      results.increment(1)
    })
  })

  it.effect("Invalid input reaches no operation with a callback", () => {
    const { calls, cache } = setup("refusing callback")
    return Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(cache.get(""))).reason._tag, "InvalidArgument")
      assert.strictEqual((yield* Effect.flip(cache.set("a", "1", { ttl: -1 }))).reason._tag, "InvalidArgument")
      assert.strictEqual((yield* Effect.flip(cache.increment("a", 0.5))).reason._tag, "InvalidArgument")
      assert.deepStrictEqual(calls, [])
    })
  })
})
