import { assert, describe, it } from "@effect/vitest"
import { FailOpen } from "@hexcache/cache-layers"
import { CacheMemory } from "@hexcache/cache-memory"
import { Duration, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { RateLimit, Verdict } from "../../src/domain/RateLimit.ts"
import * as Breakable from "../support/Breakable.ts"
import { warningsOf } from "../support/warningsOf.ts"

const threeInTenSeconds = Layer.provide(RateLimit.layer({ limit: 3, window: "10 seconds" }), FailOpen.layer)

describe("RateLimit", () => {
  it.effect("allows so many requests in a window, says when the next begins, and then allows again", () =>
    Effect.gen(function* () {
      const { check } = yield* RateLimit
      for (let asked = 0; asked < 3; asked++) assert.deepStrictEqual(yield* check("client"), Verdict.Allowed())
      yield* TestClock.adjust("4 seconds")
      assert.deepStrictEqual(yield* check("client"), Verdict.Limited({ retryAfter: Duration.seconds(6) }))
      yield* TestClock.adjust("5999 millis")
      assert.deepStrictEqual(yield* check("client"), Verdict.Limited({ retryAfter: Duration.millis(1) }))
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* check("client"), Verdict.Allowed())
    }).pipe(Effect.provide(threeInTenSeconds), Effect.provide(CacheMemory.layer()))
  )

  it.effect("counts each client for itself, whatever its address looks like", () =>
    Effect.gen(function* () {
      const { check } = yield* RateLimit
      for (let asked = 0; asked < 4; asked++) yield* check("::1")
      assert.strictEqual((yield* check("::1"))._tag, "Limited")
      assert.strictEqual((yield* check(":"))._tag, "Allowed")
      assert.strictEqual((yield* check("%3A%3A1"))._tag, "Allowed")
    }).pipe(Effect.provide(threeInTenSeconds), Effect.provide(CacheMemory.layer()))
  )

  it.effect("allows everyone while the cache is unavailable", () =>
    Effect.gen(function* () {
      const { check } = yield* RateLimit
      const cache = yield* Breakable.Breakable
      yield* cache.break
      for (let asked = 0; asked < 10; asked++) assert.deepStrictEqual(yield* check("client"), Verdict.Allowed())
      yield* cache.mend
      for (let asked = 0; asked < 3; asked++) yield* check("client")
      assert.strictEqual((yield* check("client"))._tag, "Limited")
    }).pipe(Effect.provide(threeInTenSeconds), Effect.provide(Breakable.layer), warningsOf)
  )
})
