import { CachePort } from "@hexcache/cache-port"
import { Effect } from "effect"
import { expect, test } from "vitest"
import { CacheExample } from "../src/index.ts"

// Not in the contract, which leaves alone what is not its own: here the cache must have its store to itself.
test("flush removes every key of a store that one cache has to itself", () =>
  Effect.gen(function* () {
    const cache = yield* CachePort
    yield* cache.flush
    yield* cache.setMany([
      ["a", "1"],
      ["b", "2"]
    ])
    yield* cache.flush
    expect(yield* cache.exists("a")).toBe(false)
    expect(yield* cache.exists("b")).toBe(false)
  }).pipe(Effect.provide(CacheExample.layer()), Effect.runPromise))
