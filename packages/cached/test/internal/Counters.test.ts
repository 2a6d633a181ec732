import { afterAll, assert, describe, it } from "@effect/vitest"
import { Cached } from "@hexcache/cached"
import { Effect, Schema } from "effect"
import { countersOf, forgetNamespaces } from "../../src/internal/Counters.ts"
import { setup } from "../support/Database.ts"

describe("Cached: the counts of namespaces", () => {
  afterAll(forgetNamespaces)

  it.effect("a Cached for each tenant adds no counts without end, and counts with the others", () => {
    const { run } = setup()
    const of = (tenant: number) =>
      Cached.make({
        namespace: `tenant ${tenant}`,
        schema: Schema.Int,
        lookup: (id: number) => Effect.succeed(id),
        ttl: "1 hour"
      })
    return Effect.gen(function* () {
      for (let tenant = 0; tenant < 1_001; tenant++) countersOf(`tenant ${tenant}`)
      const { misses } = yield* of(2_000).stats
      yield* of(2_000).get(1)
      yield* of(2_001).get(1)
      assert.strictEqual((yield* of(2_000).stats).misses, misses + 2)
      assert.strictEqual((yield* of(0).stats).misses, 0)
    }).pipe(run)
  })
})
