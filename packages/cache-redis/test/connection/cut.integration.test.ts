/** A connection that is cut while its server is well: who notices, and who does not. */
import { assert, describe, it } from "@effect/vitest"
import type { CacheError, CachePort } from "@hexcache/cache-port"
import { askRedis, type FaultProxy, type RedisServer } from "@hexcache/redis-testkit"
import { Effect, Exit, Fiber, Option } from "effect"
import { faultyServer } from "../support/faultyServer.ts"
import { cache, server } from "../support/servers.ts"

type Cache = CachePort["Service"]

/** Long, so that a busy machine is no fault of the cache's. */
const commandTimeout = 20_000

/** Fibers that read and write until told to end, and collect what failed and what was wrong. */
const load = (cached: Cache) =>
  Effect.gen(function* () {
    const reads: Array<string> = []
    const writes: Array<CacheError> = []
    const wrong: Array<string> = []
    let operations = 0
    let isOver = false
    const reader = (key: string) =>
      Effect.gen(function* () {
        yield* Effect.orDie(cached.set(key, `value of ${key}`))
        const asked = [
          Effect.map(cached.get(key), Option.getOrUndefined),
          Effect.map(cached.getMany([key]), (found) => Option.getOrUndefined(found.get(key) ?? Option.none())),
          Effect.map(cached.exists(key), (exists) => (exists ? `value of ${key}` : undefined)),
          Effect.map(cached.ttl(key), ({ _tag }) => (_tag === "Persistent" ? `value of ${key}` : undefined))
        ]
        for (let round = 0; !isOver; round++) {
          const exit = yield* Effect.exit(asked[round % asked.length] as (typeof asked)[number])
          operations++
          if (Exit.isFailure(exit)) reads.push(String(exit.cause))
          else if (exit.value !== `value of ${key}`) wrong.push(`${key}: ${exit.value}`)
        }
      })
    const writer = (key: string) =>
      Effect.gen(function* () {
        for (let round = 0; !isOver; round++) {
          const asked: Effect.Effect<unknown, CacheError> =
            round % 2 === 0 ? cached.set(key, "value") : cached.increment(`${key}-count`)
          yield* Effect.catch(asked, (error) => Effect.sync(() => writes.push(error)))
          operations++
        }
      })
    const fibers = [
      ...(yield* Effect.forEach(Array.from({ length: 50 }), (_, index) => Effect.forkChild(reader(`read-${index}`)))),
      ...(yield* Effect.forEach(Array.from({ length: 20 }), (_, index) => Effect.forkChild(writer(`write-${index}`))))
    ]
    const end = Effect.suspend(() => {
      isOver = true
      return Effect.map(Effect.forEach(fibers, Fiber.join), () => ({ operations, reads, wrong, writes }))
    })
    return { end }
  })

describe("a connection that is cut under load while its server is well", () => {
  const cuts: Readonly<Record<string, (place: { proxy: FaultProxy; redis: RedisServer }) => unknown>> = {
    "by a proxy": ({ proxy }) => proxy.reset(),
    "by the server's CLIENT KILL": ({ redis }) => askRedis(redis.url, ["CLIENT", "KILL", "TYPE", "normal"])
  }
  for (const [name, cut] of Object.entries(cuts)) {
    it.live(`${name}, fails no read and no write that was not sent, and gives no wrong value`, () =>
      Effect.gen(function* () {
        const place = yield* faultyServer
        const cached = yield* cache({ url: place.url, commandTimeout, connectTimeout: commandTimeout })
        const { end } = yield* load(cached)
        for (let round = 0; round < 20; round++) {
          yield* cached.ping
          yield* Effect.promise(async () => cut(place))
          yield* Effect.sleep(20)
        }
        const { operations, reads, wrong, writes } = yield* end
        assert.deepStrictEqual(reads, [])
        assert.deepStrictEqual(wrong, [])
        assert.deepStrictEqual(
          writes.filter(({ outcome, reason }) => reason._tag !== "ConnectionLost" || outcome !== "Unknown"),
          []
        )
        assert.isAtLeast(place.proxy.accepted, 21)
        assert.isAbove(operations, 1_000)
      })
    )
  }
})

describe("a connection that is cut while nothing is sent", () => {
  it.live("by the server, after a second without a command, fails nothing", () =>
    Effect.gen(function* () {
      const redis = yield* server({ args: ["--timeout", "1"] })
      const cached = yield* cache({ url: redis.url, commandTimeout, connectTimeout: commandTimeout })
      for (let round = 0; round < 3; round++) {
        yield* cached.set("key", `${round}`)
        yield* Effect.sleep(2_200)
        assert.deepStrictEqual(yield* cached.get("key"), Option.some(`${round}`))
      }
    })
  )

  it.live("as soon as its handshake is over, each time, is connected anew with longer and longer pauses", () =>
    Effect.gen(function* () {
      const { proxy, redis, url } = yield* faultyServer
      const cached = yield* cache({ url, commandTimeout, connectTimeout: commandTimeout })
      yield* cached.ping
      const { accepted } = proxy
      const begun = performance.now()
      while (performance.now() - begun < 3_000) {
        yield* Effect.promise(() => askRedis(redis.url, ["CLIENT", "KILL", "TYPE", "normal"]))
        yield* Effect.sleep(5)
      }
      assert.isAtLeast(proxy.accepted - accepted, 3)
      assert.isAtMost(proxy.accepted - accepted, 20)
      yield* Effect.sleep(1_000)
      assert.isTrue(yield* cached.ping)
    })
  )
})
