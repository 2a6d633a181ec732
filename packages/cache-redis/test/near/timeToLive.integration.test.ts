/** Times to live of keys that the near cache has. */
import { assert, describe, it } from "@effect/vitest"
import type { CachePort } from "@hexcache/cache-port"
import { Effect } from "effect"
import { beside, nearCache, text, warm } from "../support/nearCache.ts"
import { readyCache, server } from "../support/servers.ts"

type Cache = CachePort["Service"]

describe.concurrent("a time to live", () => {
  /** Polls keys until they are gone. Returns the longest time for which one was served beyond its end. */
  const longestOverdue = (cached: Cache, ends: ReadonlyMap<string, number>) =>
    Effect.gen(function* () {
      let longest = Number.NEGATIVE_INFINITY
      const left = new Map(ends)
      while (left.size > 0) {
        for (const [key, end] of left) {
          const asked = performance.now()
          if ((yield* text(cached, key)) === undefined) left.delete(key)
          else longest = Math.max(longest, asked - end)
        }
        yield* Effect.sleep(1)
      }
      return longest
    })

  it.live("ends in memory when it ends on the server, though the server tells later", () =>
    Effect.gen(function* () {
      const redis = yield* server({ args: ["--hz", "1"] })
      const cached = yield* readyCache({ url: redis.url, nearCache })
      const other = yield* beside(redis)
      const ends = new Map<string, number>()
      for (let index = 0; index < 40; index++) {
        yield* other("SET", `test:key-${index}`, "value", "PX", `${300 + index * 10}`)
        // A server's clock is of whole milliseconds.
        ends.set(`key-${index}`, performance.now() + 300 + index * 10 + 1)
      }
      yield* warm(cached, ...ends.keys())
      assert.isAtMost(yield* longestOverdue(cached, ends), 0)
    })
  )

  it.live("is the new one when another client changes it", () =>
    Effect.gen(function* () {
      const redis = yield* server({ args: ["--hz", "1"] })
      const cached = yield* readyCache({ url: redis.url, nearCache })
      const other = yield* beside(redis)
      yield* other("SET", "test:shorter", "value")
      yield* other("SET", "test:longer", "value", "PX", "300")
      yield* warm(cached, "shorter", "longer")
      yield* other("PEXPIRE", "test:shorter", "300")
      const end = performance.now() + 301
      yield* other("PERSIST", "test:longer")
      assert.isAtMost(yield* longestOverdue(cached, new Map([["shorter", end]])), 0)
      assert.strictEqual(yield* text(cached, "longer"), "value")
    })
  )
})
