/** How the sentinels are found out, whatever some of them do, and how their refusals read. */
import { assert, describe, it } from "@effect/vitest"
import type { CacheRedis } from "@hexcache/cache-redis"
import { askRedis, FaultProxy, freePort, type RedisServer } from "@hexcache/redis-testkit"
import { Effect, Fiber, Option, Schedule } from "effect"
import { sentinelCache, sentinelGroup } from "../support/sentinels.ts"

const urls = (servers: ReadonlyArray<RedisServer>) => servers.map(({ url }) => url)

describe("the lookup of a master by its sentinels", () => {
  it.live("needs no more than a majority, and less than that only a moment longer", () =>
    Effect.gen(function* () {
      const { name, sentinels } = yield* sentinelGroup()
      const [first, second] = sentinels
      for (const frozen of [first, second]) {
        frozen?.freeze()
        const cached = yield* sentinelCache({
          name,
          sentinels: urls(sentinels),
          commandTimeout: 20_000,
          connectTimeout: 20_000
        })
        yield* cached.set("key", "value")
        assert.deepStrictEqual(yield* cached.get("key"), Option.some("value"))
      }
      first?.thaw()
      second?.thaw()
    })
  )

  it.live("succeeds where the event loop was blocked for longer than it may take", () =>
    Effect.gen(function* () {
      const { name, sentinels } = yield* sentinelGroup()
      const cached = yield* sentinelCache({
        name,
        sentinels: urls(sentinels),
        commandTimeout: 20_000,
        connectTimeout: 1_000
      })
      const writing = yield* Effect.forkChild(cached.set("key", "value"), { startImmediately: true })
      for (const begun = performance.now(); performance.now() - begun < 1_500; );
      yield* Fiber.join(writing)
    })
  )

  it.live("takes as long as it may take to connect, not only as long as a command", () =>
    Effect.gen(function* () {
      const { name, sentinels } = yield* sentinelGroup()
      const proxies = yield* Effect.forEach(sentinels, ({ port }) =>
        Effect.acquireRelease(
          Effect.promise(() => FaultProxy.start(port)),
          (proxy) => Effect.promise(() => proxy.stop())
        )
      )
      for (const proxy of proxies) proxy.latency(150)
      const cached = yield* sentinelCache({
        name,
        sentinels: proxies.map(({ url }) => url),
        commandTimeout: 200,
        connectTimeout: 10_000
      })
      yield* Effect.retry(cached.ping, { times: 500, schedule: Schedule.spaced(20) })
    })
  )

  it.live("says what is wrong: no such name, no right, no sentinel, another server", () =>
    Effect.gen(function* () {
      const { master, name, sentinels } = yield* sentinelGroup()
      const nowhere = `redis://127.0.0.1:${yield* Effect.promise(() => freePort())}`
      const failure = (options: Pick<CacheRedis.CacheRedisSentinelOptions, "name" | "sentinels">) =>
        Effect.gen(function* () {
          const cached = yield* sentinelCache({ ...options, commandTimeout: 20_000, connectTimeout: 20_000 })
          const { reason } = yield* Effect.flip(cached.get("key"))
          return `${reason._tag}: ${reason.message}`
        })
      assert.strictEqual(
        yield* failure({ name: "another", sentinels: urls(sentinels) }),
        "Unavailable: no sentinel knows a master of this name"
      )
      assert.strictEqual(yield* failure({ name, sentinels: [nowhere] }), "Unavailable: no sentinel answers")
      assert.strictEqual(
        yield* failure({ name, sentinels: [nowhere, master.url] }),
        "Unavailable: sentinel: the server is no sentinel (ERR)"
      )
      yield* Effect.promise(() =>
        Promise.all(sentinels.map(({ url }) => askRedis(url, ["ACL", "SETUSER", "default", "resetpass", ">secret"])))
      )
      assert.strictEqual(
        yield* failure({ name, sentinels: urls(sentinels) }),
        "AccessDenied: sentinel: the server asks for a password (NOAUTH)"
      )
      const wrong = sentinels.map(({ port }) => `redis://:wrong@127.0.0.1:${port}`)
      assert.strictEqual(
        yield* failure({ name, sentinels: wrong }),
        "AccessDenied: sentinel: the server refuses this user and password (WRONGPASS)"
      )
      const right = sentinels.map(({ port }) => `redis://:secret@127.0.0.1:${port}`)
      const cached = yield* sentinelCache({ name, sentinels: right, commandTimeout: 20_000, connectTimeout: 20_000 })
      yield* cached.ping
    })
  )
})
