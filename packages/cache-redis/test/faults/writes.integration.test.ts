/** Writes whose connection is cut, whose caller goes, or whose deadline passes. */
import { assert, describe, it } from "@effect/vitest"
import { askRedis } from "@hexcache/redis-testkit"
import { Effect, Exit, Fiber, Option, Stream } from "effect"
import { randomFrom } from "../storm/random.ts"
import { untilSuccess } from "../support/bounds.ts"
import { faultyServer } from "../support/faultyServer.ts"
import { readyCache } from "../support/servers.ts"

describe.concurrent("a write is sent at most once", () => {
  it.live("10,000 INCRs with the connection cut after sending: none sent twice", () =>
    Effect.gen(function* () {
      const { proxy, redis, url } = yield* faultyServer
      const cached = yield* readyCache({ url, commandTimeout: "10 seconds" })
      yield* cached.increment("warm")
      const random = randomFrom(1)
      const outcomes: Array<string> = []
      const cutAt = new Set<number>()
      for (let round = 0; round < 100; round++) {
        yield* untilSuccess(cached.ping)
        // All hundred, which go out as two scripts, are more than so many bytes.
        proxy.cutAfter(random.below(2_000))
        const from = round * 100
        yield* Effect.forEach(
          Array.from({ length: 100 }, (_, index) => from + index),
          (index) =>
            Effect.map(Effect.exit(Effect.flip(cached.increment(`once-${index}`))), (exit) => {
              outcomes[index] = Exit.isSuccess(exit) ? exit.value.outcome : "Executed"
            }),
          { concurrency: "unbounded" }
        )
        cutAt.add(proxy.accepted)
      }
      assert.lengthOf(outcomes, 10_000)
      assert.strictEqual(cutAt.size, 100)
      yield* untilSuccess(cached.ping)
      const keys = outcomes.map((_, index) => `once-${index}`)
      const counted = yield* Effect.map(cached.getMany(keys), (found) =>
        Array.from(found.values(), Option.getOrUndefined)
      )
      const twice = counted.filter((count) => count !== undefined && count !== "1")
      assert.deepStrictEqual(twice, [])
      const falselyNotExecuted = outcomes.filter(
        (outcome, index) => outcome === "NotExecuted" && counted[index] !== undefined
      )
      assert.deepStrictEqual(falselyNotExecuted, [])
      const executed = counted.filter((count) => count === "1").length
      // The cut came in the middle of the commands: some were carried out, and their replies lost.
      assert.isAbove(executed, 1_000)
      assert.isAbove(outcomes.filter((outcome) => outcome === "Unknown").length, executed / 2)
      assert.strictEqual(yield* Effect.promise(() => askRedis(redis.url, ["DBSIZE"])), `${executed + 1}`)
    })
  )

  it.live("10,000 writes abandoned before they were sent: none carried out", () =>
    Effect.gen(function* () {
      const { proxy, redis, url } = yield* faultyServer
      const cached = yield* readyCache({
        url,
        commandTimeout: "1 minute",
        connectTimeout: "20 seconds",
        maxPending: 20_000
      })
      proxy.stopReading()
      const filling = yield* Effect.forEach(Array.from({ length: 20 }), (_, index) =>
        Effect.forkChild(cached.set(`filler-${index}`, "v".repeat(1_000_000)))
      )
      yield* Effect.sleep(100)
      const writing = yield* Effect.forEach(Array.from({ length: 10_000 }), (_, index) =>
        Effect.forkChild(cached.set(`abandoned-${index}`, "value"))
      )
      yield* Effect.sleep(100)
      yield* Effect.forEach(writing, Fiber.interrupt)
      yield* Effect.promise(() => proxy.heal())
      // Those before them arrive, by the same connection.
      yield* Effect.forEach(filling, Fiber.join)
      yield* cached.set("last", "value")
      assert.strictEqual(proxy.accepted, 1)
      assert.strictEqual(yield* Effect.promise(() => askRedis(redis.url, ["DBSIZE"])), "21")
    })
  )

  it.live("increments abandoned before they were sent are not carried out, and the others of their scripts are", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* faultyServer
      const cached = yield* readyCache({
        url,
        commandTimeout: "1 minute",
        connectTimeout: "20 seconds",
        maxPending: 20_000
      })
      yield* cached.increment("warm")
      proxy.stopReading()
      const filling = yield* Effect.forEach(Array.from({ length: 20 }), (_, index) =>
        Effect.forkChild(cached.set(`filler-${index}`, "v".repeat(1_000_000)))
      )
      yield* Effect.sleep(100)
      const keys = Array.from({ length: 1_000 }, (_, index) => `count-${index}`)
      const counting = yield* Effect.forEach(keys, (key) => Effect.forkChild(cached.increment(key)))
      yield* Effect.sleep(100)
      // Every one of the first script, and every second one of the others.
      const hasGone = (index: number) => index < 100 || index % 2 === 0
      yield* Effect.forEach(
        counting.filter((_, index) => hasGone(index)),
        Fiber.interrupt
      )
      yield* Effect.promise(() => proxy.heal())
      yield* Effect.forEach(filling, Fiber.join)
      const sums = yield* Effect.forEach(
        counting.filter((_, index) => !hasGone(index)),
        Fiber.join
      )
      assert.deepStrictEqual(new Set(sums), new Set([1]))
      assert.strictEqual(proxy.accepted, 1)
      const counted = Array.from(yield* cached.getMany(keys), ([, count]) => Option.getOrUndefined(count))
      assert.deepStrictEqual(
        counted,
        keys.map((_, index) => (hasGone(index) ? undefined : "1"))
      )
    })
  )

  it.live("10,000 writes whose deadline passed before they were sent: NotExecuted, none carried out", () =>
    Effect.gen(function* () {
      const { proxy, redis, url } = yield* faultyServer
      const cached = yield* readyCache({ url, commandTimeout: 500, maxPending: 20_000 })
      proxy.stopReading()
      yield* Effect.forEach(Array.from({ length: 20 }), (_, index) =>
        Effect.forkChild(Effect.exit(cached.set(`filler-${index}`, "v".repeat(1_000_000))))
      )
      yield* Effect.sleep(100)
      const errors = yield* Effect.forEach(
        Array.from({ length: 10_000 }),
        (_, index) => Effect.flip(cached.set(`abandoned-${index}`, "value")),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(new Set(errors.map(({ outcome }) => outcome)), new Set(["NotExecuted"]))
      yield* Effect.promise(() => proxy.heal())
      yield* untilSuccess(cached.ping)
      yield* Effect.sleep(500)
      const abandoned = Stream.runCollect(cached.scan("abandoned-*"))
      assert.deepStrictEqual(yield* abandoned, [])
      assert.isBelow(Number(yield* Effect.promise(() => askRedis(redis.url, ["DBSIZE"]))), 21)
    })
  )

  it.live("a script that the server has forgotten is not sent as a text once its caller has gone", () =>
    Effect.gen(function* () {
      const { proxy, redis, url } = yield* faultyServer
      const cache = yield* readyCache({ url })
      yield* cache.set("lock", "mine")
      yield* Effect.promise(() => askRedis(redis.url, ["SCRIPT", "FLUSH"]))
      proxy.hold()
      const release = yield* Effect.forkChild(cache.compareAndDelete("lock", "mine"), { startImmediately: true })
      // Written by then, and not replied to.
      yield* Effect.sleep("50 millis")
      yield* Fiber.interrupt(release)
      yield* Effect.promise(() => proxy.heal())
      yield* cache.ping
      yield* cache.ping
      assert.deepStrictEqual(yield* cache.get("lock"), Option.some("mine"))
    })
  )
})
