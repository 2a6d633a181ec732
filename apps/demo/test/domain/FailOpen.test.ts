import { assert, describe, it } from "@effect/vitest"
import { CacheMemory } from "@hexcache/cache-memory"
import { CachePort } from "@hexcache/cache-port"
import { Cause, Effect, Exit, Layer, Option } from "effect"
import { FailOpen } from "../../src/domain/FailOpen.ts"

describe("FailOpen", () => {
  it.effect("answers what the store answers", () =>
    Effect.gen(function* () {
      const { attempt, failures } = yield* FailOpen
      const cache = yield* CachePort
      assert.deepStrictEqual(yield* attempt(cache.get("key")), Option.some(Option.none()))
      assert.strictEqual(yield* failures, 0)
    }).pipe(Effect.provide(Layer.merge(FailOpen.layer, CacheMemory.layer())))
  )

  it.effect("bad input is a defect: it is our bug, not the store's failure", () =>
    Effect.gen(function* () {
      const { attempt, failures } = yield* FailOpen
      const cache = yield* CachePort
      const exit = yield* Effect.exit(attempt(cache.get("")))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      assert.strictEqual(yield* failures, 0)
    }).pipe(Effect.provide(Layer.merge(FailOpen.layer, CacheMemory.layer())))
  )
})
