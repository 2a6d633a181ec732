/** The time of a memory cache: it goes by a clock that nobody sets. */
import { assert, describe, it, vi } from "@effect/vitest"
import { CacheMemory } from "@hexcache/cache-memory"
import { CachePort, TimeToLive } from "@hexcache/cache-port"
import { Clock, Duration, Effect } from "effect"
import { TestClock } from "effect/testing"

const hour = 3_600_000
const minute = Duration.minutes(1)

/** A clock whose wall is set, and what has elapsed beside it. */
const makeClock = () => {
  const time = { wall: 1_790_000_000_000, elapsed: 0 }
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: () => time.wall,
    currentTimeMillis: Effect.sync(() => time.wall),
    currentTimeNanosUnsafe: () => BigInt(time.wall) * 1_000_000n,
    currentTimeNanos: Effect.sync(() => BigInt(time.wall) * 1_000_000n),
    monotonicTimeNanosUnsafe: () => BigInt(time.elapsed) * 1_000_000n,
    monotonicTimeNanos: Effect.sync(() => BigInt(time.elapsed) * 1_000_000n),
    sleep: () => Effect.void
  }
  return { time, clock }
}

describe("CacheMemory", () => {
  it.effect("an entry lives for its time to live where the wall clock is set back by an hour, or forward", () =>
    Effect.gen(function* () {
      for (const jump of [-hour, hour]) {
        const { clock, time } = makeClock()
        yield* Effect.flatMap(CachePort, (cache) =>
          Effect.gen(function* () {
            yield* cache.set("key", "value", { ttl: "10 minutes" })
            time.wall += jump
            time.elapsed += 9 * 60_000
            time.wall += 9 * 60_000
            assert.isTrue(yield* cache.exists("key"))
            assert.deepStrictEqual(yield* cache.ttl("key"), TimeToLive.Expires({ remaining: minute }))
            time.elapsed += 60_000
            time.wall += 60_000
            assert.isFalse(yield* cache.exists("key"))
          })
        ).pipe(Effect.provide(CacheMemory.layer()), Effect.provideService(Clock.Clock, clock))
      }
    })
  )

  it.live("an entry ends in time where Date is set back by an hour", () =>
    Effect.flatMap(CachePort, (cache) =>
      Effect.gen(function* () {
        yield* cache.set("key", "value", { ttl: 20 })
        const now = Date.now
        vi.spyOn(Date, "now").mockImplementation(() => now() - hour)
        yield* Effect.sleep(40)
        assert.isFalse(yield* cache.exists("key"))
      })
    ).pipe(Effect.ensuring(Effect.sync(() => vi.restoreAllMocks())), Effect.provide(CacheMemory.layer()))
  )

  it.live("fake timers of a test runner move its time, whenever they are put in place", () =>
    Effect.flatMap(CachePort, (cache) =>
      Effect.gen(function* () {
        yield* cache.set("before", "value", { ttl: 1_000 })
        yield* Effect.sleep(5)
        vi.useFakeTimers()
        yield* cache.set("key", "value", { ttl: 1_000 })
        vi.advanceTimersByTime(990)
        assert.isTrue(yield* cache.exists("key"))
        vi.advanceTimersByTime(10)
        assert.isFalse(yield* cache.exists("key"))
        assert.isFalse(yield* cache.exists("before"))
      })
    ).pipe(Effect.ensuring(Effect.sync(() => vi.useRealTimers())), Effect.provide(CacheMemory.layer()))
  )

  it.effect("TestClock moves its time, by adjust and by setTime", () =>
    Effect.flatMap(CachePort, (cache) =>
      Effect.gen(function* () {
        yield* cache.set("one", "value", { ttl: "1 minute" })
        yield* TestClock.adjust("1 minute")
        assert.isFalse(yield* cache.exists("one"))
        yield* cache.set("two", "value", { ttl: "1 minute" })
        yield* TestClock.setTime(60_000 + 60_000)
        assert.isFalse(yield* cache.exists("two"))
      })
    ).pipe(Effect.provide(CacheMemory.layer()))
  )
})
