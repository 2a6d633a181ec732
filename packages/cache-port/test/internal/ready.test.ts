/** Waiting for a cache to work. */
import { assert, describe, it } from "@effect/vitest"
import { AccessDenied, CachePort, DriverFailure, Unavailable } from "@hexcache/cache-port"
import { Duration, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as Faulty from "../support/Faulty.ts"

const down = new DriverFailure(new Unavailable({ message: "no connection is ready" }))
const denied = new DriverFailure(new AccessDenied({ message: "the server refuses" }), "NotExecuted", "WRONGPASS")

describe("CachePort.ready", () => {
  it.effect("ready succeeds at once if the cache works", () =>
    Effect.gen(function* () {
      const faulty = Faulty.make()
      yield* CachePort.ready(faulty.cache)
      yield* CachePort.ready(faulty.cache, { timeout: 1 })
      assert.strictEqual(faulty.asked, 2)
    })
  )

  it.effect("ready waits for a cache that works later, and pings it every 50 ms until then", () =>
    Effect.gen(function* () {
      const faulty = Faulty.make()
      faulty.failure = down
      const waiting = yield* Effect.forkChild(CachePort.ready(faulty.cache), { startImmediately: true })
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(faulty.asked, 201)
      assert.isUndefined(waiting.pollUnsafe())
      faulty.failure = undefined
      yield* TestClock.adjust("50 millis")
      yield* Fiber.join(waiting)
    })
  )

  it.effect("ready fails with Unavailable when its time is over, and says why the last ping failed", () =>
    Effect.gen(function* () {
      const faulty = Faulty.make()
      faulty.failure = down
      const waiting = yield* Effect.forkChild(Effect.flip(CachePort.ready(faulty.cache, { timeout: "5 seconds" })), {
        startImmediately: true
      })
      yield* TestClock.adjust("1 second")
      faulty.failure = denied
      yield* TestClock.adjust("4 seconds")
      const error = yield* Fiber.join(waiting)
      assert.strictEqual(error.reason._tag, "Unavailable")
      assert.strictEqual(
        error.message,
        "ping failed: not ready within 5000 ms, the last attempt failed with AccessDenied: the server refuses (Unavailable)"
      )
      assert.strictEqual(error.serverCode, "WRONGPASS")
      assert.strictEqual(error.code, "CACHE_CONNECTION_ERROR")
    })
  )

  it.effect("ready fails when its time is over before the first ping has ended", () =>
    Effect.gen(function* () {
      const faulty = Faulty.make()
      faulty.hold = Effect.never
      const waiting = yield* Effect.forkChild(Effect.flip(CachePort.ready(faulty.cache, { timeout: 100 })), {
        startImmediately: true
      })
      yield* TestClock.adjust("100 millis")
      assert.strictEqual((yield* Fiber.join(waiting)).reason.message, "not ready within 100 ms")
    })
  )

  it.effect("ready ends when its caller is interrupted, and pings no more", () =>
    Effect.gen(function* () {
      const faulty = Faulty.make()
      faulty.failure = down
      const waiting = yield* Effect.forkChild(CachePort.ready(faulty.cache, { timeout: Duration.infinity }), {
        startImmediately: true
      })
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(waiting)
      const { asked } = faulty
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(faulty.asked, asked)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(waiting)))
    })
  )

  for (const timeout of [0, -1, Number.NaN, Number.NEGATIVE_INFINITY, "soon", null, {}, Duration.zero]) {
    it.effect(`ready refuses the timeout ${timeout} with InvalidArgument, and pings nothing`, () =>
      Effect.gen(function* () {
        const faulty = Faulty.make()
        const error = yield* Effect.flip(CachePort.ready(faulty.cache, { timeout: timeout as never }))
        assert.strictEqual(error.reason._tag, "InvalidArgument")
        assert.strictEqual(faulty.asked, 0)
      })
    )
  }

  it.effect("ready fails at once for a cache with invalid options", () =>
    Effect.gen(function* () {
      const refusing = CachePort.namespaced(Faulty.make().cache, "\ud800")
      const error = yield* Effect.flip(CachePort.ready(refusing))
      assert.strictEqual(error.reason._tag, "InvalidArgument")
    })
  )
})
