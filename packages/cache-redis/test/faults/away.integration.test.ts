/** A server that is away, from the start or under load, and writes that come meanwhile. */
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { askRedis } from "@hexcache/redis-testkit"
import { Effect, Fiber } from "effect"
import {
  endsWithin,
  failAtOnce,
  failSoon,
  patience,
  succeedsWithin,
  untilFailure,
  untilSuccess
} from "../support/bounds.ts"
import { readers } from "../support/readers.ts"
import { cache, readyCache, server } from "../support/servers.ts"

/** Long, to distinguish an operation that fails at once from one that waits for its deadline. */
const deadline = 1_000

describe.concurrent("a server that is away", () => {
  it.live(
    "server down at start: the layer builds, Unavailable, at once from the second operation on, back within a second",
    () =>
      Effect.gen(function* () {
        const redis = yield* server()
        yield* Effect.promise(() => redis.kill())
        const cached = yield* endsWithin(patience, cache({ url: redis.url, commandTimeout: deadline }))
        for (const { outcome, reason } of [
          ...(yield* failSoon(deadline, cached)),
          ...(yield* failAtOnce(deadline, cached))
        ]) {
          assert.strictEqual(reason._tag, "Unavailable")
          assert.strictEqual(outcome, "NotExecuted")
        }
        // The pauses between attempts to connect have become as long as they get.
        yield* Effect.sleep(1_500)
        yield* Effect.promise(() => redis.restart())
        yield* succeedsWithin(1_000, cached.ping)
      })
  )

  it.live("server killed under load: Unavailable at once, back within a second of the restart", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      const cached = yield* readyCache({ url: redis.url, commandTimeout: deadline })
      const load = yield* readers(cached, 50)
      for (let round = 0; round < 3; round++) {
        yield* Effect.sleep(100)
        yield* Effect.promise(() => redis.kill())
        yield* untilFailure(cached)
        for (const { reason } of yield* failAtOnce(deadline, cached)) assert.strictEqual(reason._tag, "Unavailable")
        yield* Effect.sleep(700)
        yield* Effect.promise(() => redis.restart())
        yield* succeedsWithin(1_000, cached.ping)
      }
      const { wrong } = yield* load.end
      assert.deepStrictEqual(
        wrong.filter((value) => !value.endsWith("undefined")),
        []
      )
    })
  )

  it.live("offline queue during a long outage: memory does not grow", () =>
    Effect.gen(function* () {
      const program = new URL("../programs/outage.ts", import.meta.url).pathname
      const { stderr, stdout } = yield* Effect.promise(() =>
        promisify(execFile)(process.execPath, [program, "--seconds", "2"])
      )
      assert.strictEqual(stderr, "")
      const growths = Array.from(stdout.matchAll(/\| (-?[\d.]+) MB \|/g), ([, growth]) => Number(growth))
      assert.lengthOf(growths, 2)
      for (const growth of growths) assert.isBelow(growth, 10)
    })
  )

  it.live("abandoned write during an outage: never sent", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      const cached = yield* readyCache({ url: redis.url })
      yield* Effect.promise(() => redis.kill())
      yield* untilFailure(cached)
      const writing = yield* Effect.forEach(Array.from({ length: 1_000 }), (_, index) =>
        Effect.forkChild(cached.set(`abandoned-${index}`, "value"))
      )
      yield* Effect.forEach(writing, Fiber.interrupt)
      yield* Effect.promise(() => redis.restart())
      yield* untilSuccess(cached.ping)
      yield* Effect.sleep(300)
      assert.strictEqual(yield* Effect.promise(() => askRedis(redis.url, ["DBSIZE"])), "0")
    })
  )
})
