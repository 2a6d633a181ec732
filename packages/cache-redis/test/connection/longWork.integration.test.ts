/** Work that blocks the event loop for long: in a process of its own, so that no time that others measure is late. */
import { assert, describe, it } from "@effect/vitest"
import { Glob } from "@hexcache/cache-port"
import { askRedis } from "@hexcache/redis-testkit"
import { Effect, Exit, Stream } from "effect"
import { readyCache, server } from "../support/servers.ts"

describe("CacheRedis", () => {
  it.live("a batch whose atomic part is more than 256 MiB fails with InvalidArgument, and nothing is sent", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cached = yield* readyCache({ url })
      const value = "v".repeat(33_000_000)
      const small = Array.from({ length: 5_000 }, (_, index) => [`small-${index}`, "value"] as const)
      const large = Array.from({ length: 9 }, (_, index) => [`large-${index}`, value] as const)
      const error = yield* Effect.flip(cached.setMany([...small, ...large]))
      assert.strictEqual(error.outcome, "NotExecuted")
      assert.strictEqual(error.reason._tag, "InvalidArgument")
      assert.strictEqual(yield* Effect.promise(() => askRedis(url, ["DBSIZE"])), "0")
    })
  )

  it.live("agrees with Glob.matches on 10,000 random patterns", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cached = yield* readyCache({ url, namespace: "", commandTimeout: "5 seconds" })
      const random = (longest: number): string => {
        const characters = ["a", "a", "b", "*", "*", "?", "[", "]", "^", "-", "\\", "c", "é", "日", "\n", "A"]
        return Array.from(
          { length: 1 + Math.floor(Math.random() * longest) },
          () => characters[Math.floor(Math.random() * characters.length)]
        ).join("")
      }
      const keys = Array.from(new Set(Array.from({ length: 120 }, () => random(6))))
      yield* cached.setMany(keys.map((key) => [key, "value"]))
      const compare = Effect.gen(function* () {
        const pattern = random(9)
        const compiled = Glob.compile(pattern)
        const found = yield* Effect.exit(Stream.runCollect(cached.scan(pattern)))
        if (typeof compiled === "string") return assert.isTrue(Exit.isFailure(found))
        const expected = keys.filter(compiled.matches)
        assert.deepStrictEqual(
          Exit.isSuccess(found) && found.value.toSorted(),
          expected.toSorted(),
          JSON.stringify(pattern)
        )
        return undefined
      })
      yield* Effect.forEach(Array.from({ length: 10_000 }), () => compare, { concurrency: 50, discard: true })
    })
  )
})
