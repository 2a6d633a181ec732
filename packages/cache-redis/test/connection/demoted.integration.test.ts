/** One server behind a name or a proxy that becomes a replica, while the connection to it stays open. */
import { assert, describe, it } from "@effect/vitest"
import { askRedis, freePort } from "@hexcache/redis-testkit"
import { Effect, Option, Schedule } from "effect"
import { address } from "../support/address.ts"
import { cache, server } from "../support/servers.ts"

describe("a server that was demoted behind its address", () => {
  it.live("is left at the first READONLY, so that writes and reads reach the new master", () =>
    Effect.gen(function* () {
      const [old, next] = [yield* server(), yield* server()]
      const { leadTo, url } = yield* address
      leadTo(old.port)
      const cached = yield* cache({ url, commandTimeout: "20 seconds", connectTimeout: "20 seconds" })
      yield* cached.set("key", "old")
      yield* Effect.promise(() => askRedis(old.url, ["REPLICAOF", "127.0.0.1", `${next.port}`]))
      leadTo(next.port)
      const refused = yield* Effect.flip(cached.set("key", "new"))
      assert.strictEqual(refused.serverCode, "READONLY")
      assert.strictEqual(refused.outcome, "NotExecuted")
      yield* cached.set("key", "new")
      assert.strictEqual(yield* Effect.promise(() => askRedis(next.url, ["GET", "test:key"])), "new")
      assert.deepStrictEqual(yield* cached.get("key"), Option.some("new"))
    })
  )

  it.live("is left at the first MASTERDOWN, so that reads reach the new master though nothing is written", () =>
    Effect.gen(function* () {
      const [old, next] = [yield* server({ args: ["--replica-serve-stale-data", "no"] }), yield* server()]
      const { leadTo, url } = yield* address
      leadTo(old.port)
      const cached = yield* cache({ url, commandTimeout: "20 seconds", connectTimeout: "20 seconds" })
      assert.deepStrictEqual(yield* cached.get("key"), Option.none())
      yield* Effect.promise(() => askRedis(next.url, ["SET", "test:key", "new"]))
      const nowhere = yield* Effect.promise(() => freePort())
      yield* Effect.promise(() => askRedis(old.url, ["REPLICAOF", "127.0.0.1", `${nowhere}`]))
      leadTo(next.port)
      assert.strictEqual((yield* Effect.flip(cached.get("key"))).serverCode, "MASTERDOWN")
      assert.deepStrictEqual(yield* cached.get("key"), Option.some("new"))
    })
  )

  it.live("is connected to with growing pauses while the address still leads to it", () =>
    Effect.gen(function* () {
      const [old, next] = [yield* server(), yield* server()]
      const { accepted, leadTo, url } = yield* address
      leadTo(old.port)
      const cached = yield* cache({ url, commandTimeout: "20 seconds", connectTimeout: "20 seconds" })
      yield* cached.ping
      yield* Effect.promise(() => askRedis(old.url, ["REPLICAOF", "127.0.0.1", `${next.port}`]))
      for (const begun = performance.now(); performance.now() - begun < 3_000; ) {
        assert.strictEqual((yield* Effect.flip(cached.set("key", "value"))).serverCode, "READONLY")
      }
      assert.isAtLeast(accepted(), 3)
      assert.isAtMost(accepted(), 20)
      leadTo(next.port)
      yield* Effect.retry(cached.set("key", "value"), { times: 100, schedule: Schedule.spaced(20) })
      assert.strictEqual(yield* Effect.promise(() => askRedis(next.url, ["GET", "test:key"])), "value")
    })
  )
})
