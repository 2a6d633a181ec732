/** How a connection is made: how long to pause before the next attempt. */
import { assert, describe, it } from "@effect/vitest"
import { CacheRedis } from "@hexcache/cache-redis"
import { freePort } from "@hexcache/redis-testkit"
import { Effect } from "effect"
import { eventually } from "./support/bounds.ts"

describe.concurrent("the pauses between attempts to connect", () => {
  const attemptsOf = (backoff: CacheRedis.BackoffOptions, count: number) =>
    Effect.gen(function* () {
      const port = yield* Effect.promise(() => freePort())
      const begun: Array<number> = []
      const credentials = Effect.sync(() => {
        begun.push(performance.now())
        return { password: "none" }
      })
      const layer = CacheRedis.layer({ host: "127.0.0.1", port, namespace: "test", credentials, backoff })
      yield* Effect.provide(
        eventually(() => begun.length >= count),
        layer
      )
      return begun.slice(1).map((instant, index) => instant - (begun[index] as number))
    })

  it.live("are as long as they are set, at most a half of each left out", () =>
    Effect.gen(function* () {
      const pauses = yield* attemptsOf({ initial: "300 millis", max: "600 millis" }, 4)
      const [first = 0, ...others] = pauses
      assert.isAtLeast(first, 145)
      for (const pause of others) assert.isAtLeast(pause, 295)
    })
  )

  it.live("stay short where the longest one is", () =>
    Effect.gen(function* () {
      const pauses = yield* attemptsOf({ max: "30 millis" }, 21)
      // By default the last ten of them alone take 2.5 s or more.
      assert.isBelow(
        pauses.slice(-10).reduce((sum, pause) => sum + pause, 0),
        2_400
      )
    })
  )
})
