import { assert, describe, it } from "@effect/vitest"
import { CacheContract } from "@hexcache/cache-contract"
import { CachePort, TimeToLive } from "@hexcache/cache-port"
import { Duration, Effect, Exit, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { inTime, type Time, TooLate } from "../src/Time.ts"
import { makeReference } from "./wrong/Reference.ts"

const ofTime = CacheContract.chapters.filter(({ name }) => name === "time to live" || name === "counters")

describe("the time of laws", () => {
  it("A slow cache keeps the laws of real time", { timeout: 60_000 }, async () => {
    const slow = Layer.sync(CachePort, () => {
      const right = makeReference()
      const { exists, get, set, setIfAbsent, ttl } = right
      return CachePort.fromDriver({
        ...right,
        exists: (key) => Effect.delay(exists(key), 10),
        get: (key) => Effect.delay(get(key), 10),
        set: (...write) => Effect.delay(set(...write), 10),
        setIfAbsent: (...write) => Effect.delay(setIfAbsent(...write), 10),
        ttl: (key) => Effect.delay(ttl(key), 10)
      })
    })
    assert.deepStrictEqual(
      await Effect.runPromise(CacheContract.firstBreach(slow, { time: "real" }, ofTime)),
      Option.none()
    )
  })

  it.effect("A law is tried with longer times to live while the machine is too late, and fails in the end", () =>
    Effect.gen(function* () {
      const tried: Array<number> = []
      const tooLate = inTime("real", ({ ttl }) => {
        tried.push(ttl)
        return Effect.fail(new TooLate({ needed: 2 * ttl }))
      })
      assert.match(String(yield* Effect.flip(tooLate)), /^the machine is too slow to tell/)
      assert.deepStrictEqual(tried, [200, 1_200, 7_200, 30_000])
    })
  )

  /** Runs a law on a key that was written by an operation of 10 ms, whose time to live is 1,000 ms. */
  const judge = (check: (time: Time, written: Parameters<Time["within"]>[0]) => Effect.Effect<void, unknown>) =>
    inTime("real", (time) => Effect.flatMap(time.write(TestClock.adjust(10), 1_000), (written) => check(time, written)))

  it.effect("A key must be live for what ends before its time to live has passed since the write was sent", () =>
    judge((time, written) =>
      Effect.gen(function* () {
        const breaks = Effect.die("absent")
        yield* TestClock.adjust(900)
        assert.isTrue(Exit.hasDies(yield* Effect.exit(time.within(written, breaks))))
        yield* TestClock.adjust(90)
        assert.deepStrictEqual(
          yield* Effect.exit(time.within(written, breaks)),
          Exit.fail(new TooLate({ needed: 1_002 }))
        )
      })
    )
  )

  for (const [remaining, isRight] of [
    [867, false],
    [868, true],
    [902, true],
    [903, false]
  ] as const) {
    it.effect(`${remaining} ms do ${isRight ? "" : "not "}remain at an instant of a read from 110 to 130 ms`, () =>
      judge((time, written) =>
        Effect.gen(function* () {
          yield* TestClock.adjust(100)
          const read = Effect.as(TestClock.adjust(20), TimeToLive.Expires({ remaining: Duration.millis(remaining) }))
          assert.strictEqual(Exit.isSuccess(yield* Effect.exit(time.remains(written, read))), isRight)
        })
      )
    )
  }
})
