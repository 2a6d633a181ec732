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

/** A store that answers by callbacks, later, as the test lets it. */
const setup = (namespace: string) => {
  const store = new MapStore()
  const asked: Array<ReadonlyArray<unknown>> = []
  const gone: Array<string> = []
  const answers: {
    get: DriverCallback<string | undefined>
    set: DriverCallback<void>
    increment: DriverCallback<number>
  } = {
    get: () => assert.fail("get was not asked"),
    set: () => assert.fail("set was not asked"),
    increment: () => assert.fail("increment was not asked")
  }
  const leaving = (operation: string) => Effect.sync(() => void gone.push(operation))
  const operations = (prefix: string): CallbackOperations => ({
    get: (key, answer) => {
      asked.push(["get", prefix + key])
      answers.get = answer
      return undefined
    },
    set: (key, value, ttl, answer) => {
      asked.push(["set", prefix + key, value, ttl])
      answers.set = answer
      return leaving("set")
    },
    increment: (key, amount, ttl, answer) => {
      asked.push(["increment", prefix + key, amount, ttl])
      answers.increment = answer
      return leaving("increment")
    }
  })
  const fastPaths = (prefix: string) => ({ callback: operations(prefix) })
  const cache = CachePort.fromDriver({ ...store.driver, fastPaths }, { namespace })
  return { cache, store, asked, answers, gone }
}

const away = new DriverFailure(new Unavailable({ message: "by the test" }), "Unknown", "LOADING")

describe("a store that answers by a callback", () => {
  it.effect("is asked by it in place of the operation", () => {
    const { answers, asked, cache, store } = setup("by callback")
    return Effect.gen(function* () {
      const writing = yield* Effect.forkChild(cache.set("a", "1", { ttl: 1_000 }), { startImmediately: true })
      answers.set(undefined)
      assert.isUndefined(yield* Fiber.join(writing))
      const reading = yield* Effect.forkChild(cache.get("a"), { startImmediately: true })
      answers.get("1")
      assert.deepStrictEqual(yield* Fiber.join(reading), Option.some("1"))
      const adding = yield* Effect.forkChild(cache.decrement("n", 2), { startImmediately: true })
      answers.increment(40)
      assert.strictEqual(yield* Fiber.join(adding), 40)
      assert.deepStrictEqual(asked, [
        ["set", "by callback:a", "1", 1_000],
        ["get", "by callback:a"],
        ["increment", "by callback:n", -2, undefined]
      ])
      assert.strictEqual(store.count("set") + store.count("get") + store.count("increment"), 0)
    })
  })

  it.effect("fails with all that is known", () => {
    const { answers, cache } = setup("failing callback")
    return Effect.gen(function* () {
      const operations = { get: cache.get("a"), set: cache.set("a", "1"), increment: cache.increment("a") }
      for (const operation of ["get", "set", "increment"] as const) {
        const failing = Effect.flip(Effect.asVoid<unknown, CacheError, never>(operations[operation]))
        const asking = yield* Effect.forkChild(failing, { startImmediately: true })
        answers[operation](away)
        const error = yield* Fiber.join(asking)
        assert.deepInclude(error, { operation, key: "a", outcome: "Unknown", serverCode: "LOADING" })
      }
      assert.strictEqual((yield* CacheStats.of("failing callback")).errors, 3)
    })
  })

  it.effect("is told of a caller that goes, and may answer all the same", () => {
    const { answers, cache, gone } = setup("left callback")
    return Effect.gen(function* () {
      for (const ask of [cache.get("a"), cache.set("a", "1"), cache.increment("a")]) {
        const asking = yield* Effect.forkChild(Effect.asVoid<unknown, CacheError, never>(ask), {
          startImmediately: true
        })
        yield* Fiber.interrupt(asking)
      }
      assert.deepStrictEqual(gone, ["set", "increment"])
      answers.get("1")
      answers.set(away)
      answers.increment(1)
    })
  })

  it.effect("is not asked with what is refused", () => {
    const { asked, cache } = setup("refusing callback")
    return Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(cache.get(""))).reason._tag, "InvalidArgument")
      assert.strictEqual((yield* Effect.flip(cache.set("a", "1", { ttl: -1 }))).reason._tag, "InvalidArgument")
      assert.strictEqual((yield* Effect.flip(cache.increment("a", 0.5))).reason._tag, "InvalidArgument")
      assert.deepStrictEqual(asked, [])
    })
  })
})
