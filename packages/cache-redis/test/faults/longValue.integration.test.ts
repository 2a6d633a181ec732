/** A value that no string of V8 can hold, which keeps a process busy for long: a file of its own. */
import { assert, describe, it } from "@effect/vitest"
import { askRedis } from "@hexcache/redis-testkit"
import { Effect, Exit, Option } from "effect"
import { untilSuccess } from "../support/bounds.ts"
import { readyCache, server } from "../support/servers.ts"

/** The number of connections that a server has accepted so far, with that of this question. */
const connectionsOf = (url: string) =>
  Effect.promise(async () => {
    const stats = await askRedis(url, ["INFO", "stats"], 60_000)
    return Number(/total_connections_received:(\d+)/.exec(stats)?.[1])
  })

describe("replies that are not what they should be", () => {
  it.live("a value too long for a V8 string: refused on write; on read an error and a fresh connection", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cached = yield* readyCache({ url, commandTimeout: "1 minute", connectTimeout: "20 seconds" })
      const refused = yield* Effect.flip(cached.set("key", "v".repeat(34_000_000)))
      assert.strictEqual(refused.reason._tag, "InvalidArgument")
      yield* cached.set("other", "value of other")
      yield* Effect.promise(() => askRedis(url, ["SETRANGE", "test:long", `${2 ** 29 - 1}`, "x"], 60_000))
      const before = yield* connectionsOf(url)
      const [long, after] = yield* Effect.all(
        [Effect.exit(cached.get("long")), Effect.exit(Effect.delay(cached.get("other"), 1))],
        { concurrency: "unbounded" }
      )
      assert.isTrue(Exit.isFailure(long))
      if (Exit.isSuccess(after)) assert.deepStrictEqual(after.value, Option.some("value of other"))
      assert.deepStrictEqual(yield* untilSuccess(cached.get("other")), Option.some("value of other"))
      // One of them is this question's.
      assert.strictEqual((yield* connectionsOf(url)) - before, 2)
    })
  )
})
