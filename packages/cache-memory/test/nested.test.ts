import { assert, describe, it } from "@effect/vitest"
import { CacheMemory } from "@hexcache/cache-memory"
import type { CachePort } from "@hexcache/cache-port"
import { Cached } from "@hexcache/cached"
import { Effect, Schema } from "effect"

type Sums = Cached.UnboundCached<number, number, number, "odd", CachePort>

/** Every way to read one key. */
const ways: ReadonlyArray<readonly [what: string, read: (sums: Sums, key: number) => ReturnType<Sums["get"]>]> = [
  ["get", (sums, key) => sums.get(key)],
  ["getBatched", (sums, key) => sums.getBatched(key)],
  ["refresh", (sums, key) => sums.refresh(key)],
  ["getMany", (sums, key) => Effect.map(sums.getMany([key]), (found) => found.get(key) ?? Number.NaN)]
]

/** The sum of the numbers up to a key, by the sum up to the one before it. */
const make = (read: (sums: Sums, key: number) => ReturnType<Sums["get"]>, last: Effect.Effect<number, "odd">): Sums => {
  const sums: Sums = Cached.make({
    namespace: "sum",
    schema: Schema.Int,
    lookup: (n: number) => (n === 0 ? last : Effect.map(read(sums, n - 1), (sum) => sum + n)),
    ttl: "1 minute"
  })
  return sums
}

describe("Cached on memory: lookups that read further keys", () => {
  for (const [what, read] of ways) {
    it.effect(`${what} of lookups that are nested 1,500 deep gives the value`, () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* read(make(read, Effect.succeed(0)), 1_500), 1_125_750)
      }).pipe(Effect.provide(CacheMemory.layer()))
    )
  }

  it.effect("get of lookups that are nested 5,000 deep gives the value, and keeps it", () =>
    Effect.gen(function* () {
      const sums = make((sums, key) => sums.get(key), Effect.succeed(0))
      assert.strictEqual(yield* sums.get(5_000), 12_502_500)
      assert.strictEqual(yield* sums.get(5_000), 12_502_500)
    }).pipe(Effect.provide(CacheMemory.layer()))
  )

  it.effect("get of lookups that are nested 5,000 deep fails as the last of them", () =>
    Effect.gen(function* () {
      const sums = make((sums, key) => sums.get(key), Effect.fail("odd"))
      assert.strictEqual(yield* Effect.flip(sums.get(5_000)), "odd")
    }).pipe(Effect.provide(CacheMemory.layer()))
  )
})
