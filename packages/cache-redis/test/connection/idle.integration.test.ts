/** Connections on which nothing is sent for a while. */
import { assert, describe, it } from "@effect/vitest"
import { CachePort } from "@hexcache/cache-port"
import { Duration, Effect, Option } from "effect"
import { eventually } from "../support/bounds.ts"
import { commandStats } from "../support/commandStats.ts"
import { faultyServer } from "../support/faultyServer.ts"
import { everyKind } from "../support/layers.ts"
import { readyCache } from "../support/servers.ts"

describe.concurrent("an idle connection", () => {
  it.live("that is half open is replaced before a caller waits for it", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* faultyServer
      const cached = yield* readyCache({ url, pingInterval: "50 millis", commandTimeout: "2 seconds" })
      yield* cached.set("key", "value")
      proxy.halfOpen()
      const { accepted } = proxy
      yield* eventually(() => proxy.accepted > accepted)
      // Waits for the new connection at most, and does not fail.
      assert.deepStrictEqual(yield* cached.get("key"), Option.some("value"))
    })
  )

  it.live("is kept where it answers, and asked for nothing without an interval", () =>
    Effect.gen(function* () {
      const { proxy, redis, url } = yield* faultyServer
      const pings = Effect.map(commandStats(redis.url), (calls) => calls("ping"))
      yield* readyCache({ url, pingInterval: Duration.infinity })
      yield* pings
      yield* Effect.sleep(200)
      assert.strictEqual(yield* pings, 0)
      const checked = yield* readyCache({ url, pingInterval: "20 millis" })
      const { accepted } = proxy
      for (let seen = 0; seen < 10; seen += yield* pings) yield* Effect.sleep(20)
      assert.strictEqual(proxy.accepted, accepted)
      yield* checked.ping
    })
  )

  it.live("is checked on every kind of layer", () =>
    Effect.gen(function* () {
      for (const { layer, redis } of yield* everyKind()) {
        yield* Effect.provide(
          Effect.gen(function* () {
            const { ping } = yield* CachePort
            yield* ping
            const pings = Effect.map(commandStats(redis.url), (calls) => calls("ping"))
            yield* pings
            for (let seen = 0; seen < 10; seen += yield* pings) yield* Effect.sleep(20)
          }),
          layer({ pingInterval: "20 millis" })
        )
      }
    })
  )
})
