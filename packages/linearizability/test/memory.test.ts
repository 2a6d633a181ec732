import { assert, it } from "@effect/vitest"
import { CacheMemory } from "@hexcache/cache-memory"
import { CachePort } from "@hexcache/cache-port"
import { randomFrom } from "@hexcache/cache-port/test-support/SeededRandom"
import { isLinearizable, record } from "@hexcache/linearizability"
import { Effect } from "effect"

it.live("the memory adapter answers callers at the same time as one after the other", () =>
  Effect.gen(function* () {
    const cache = yield* CachePort
    const random = randomFrom(1)
    let now = 0
    for (let round = 0; round < 20; round++) {
      const prefix = `round ${round} `
      const histories = yield* record({
        caches: [cache],
        prefix,
        callers: 6,
        keys: 3,
        operations: 20,
        random,
        now: () => ++now
      })
      for (const [key, history] of histories) assert.isTrue(isLinearizable(history), key)
    }
  }).pipe(Effect.provide(CacheMemory.layer()))
)
