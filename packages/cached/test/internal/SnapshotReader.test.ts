import { assert, describe, it } from "@effect/vitest"
import { Cached } from "@hexcache/cached"
import { Effect, Schema } from "effect"
import { setup, silently } from "../support/Database.ts"

describe("Cached: sizes that a call stack does not take", () => {
  it.effect("getMany stores the values of 130,000 keys at once", () => {
    const { run, store } = setup()
    const squares = Cached.make({
      namespace: "square",
      schema: Schema.Int,
      lookupMany: (_: ReadonlyArray<number>) => Effect.succeed([]),
      ttl: "1 minute",
      negativeTtl: "1 minute"
    })
    const keys = Array.from({ length: 130_000 }, (_, key) => key)
    return Effect.gen(function* () {
      assert.strictEqual((yield* squares.getMany(keys)).size, 0)
      assert.isAtLeast(store.entries.size, keys.length)
    }).pipe(run)
  })

  it.effect("a key of 150,000 parts is looked up as any key that no cache takes", () => {
    const { run } = setup()
    const lengths = Cached.make({
      namespace: "length",
      schema: Schema.Int,
      lookup: (parts: readonly [number, ...ReadonlyArray<number>]) => Effect.succeed(parts.length),
      ttl: "1 minute"
    })
    return Effect.gen(function* () {
      const parts = [0, ...Array.from({ length: 149_999 }, (_, part) => part)] as const
      assert.strictEqual(yield* lengths.get(parts), 150_000)
    }).pipe(run, silently)
  })
})
