/** A group that Redis Sentinel watches: failover, and the loss of the sentinels. */
import { assert, describe, it } from "@effect/vitest"
import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { askRedis, RedisSentinels, type RedisServer } from "@hexcache/redis-testkit"
import { Context, Effect, Exit, Fiber, Layer, Option, Schedule } from "effect"
import { timed } from "./support/servers.ts"

const downAfter = 1_000

const group = Effect.acquireRelease(
  Effect.promise(() => RedisSentinels.start({ downAfter })),
  (group) => Effect.promise(() => group.stop())
)

const cache = (group: RedisSentinels, options: Partial<CacheRedis.CacheRedisSentinelOptions> = {}) =>
  Layer.build(
    CacheRedis.layerSentinel({
      name: group.name,
      sentinels: group.sentinels.map(({ port }) => ({ host: "127.0.0.1", port })),
      namespace: "test",
      ...options
    })
  ).pipe(
    Effect.map(Context.get(CachePort)),
    Effect.tap(({ ping }) => Effect.retry(ping, { times: 300, schedule: Schedule.spaced(20) }))
  )

describe("CacheRedis behind Sentinel", () => {
  for (const [name, fail] of [
    ["killed", (server: RedisServer) => server.kill()],
    ["frozen", async (server: RedisServer) => server.freeze()]
  ] as const) {
    it.live(`a ${name} master: operations end by their deadline, and succeed within failover time + 3 s`, () =>
      Effect.gen(function* () {
        const sentinels = yield* group
        const cached = yield* cache(sentinels)
        yield* cached.set("key", "before")
        yield* Effect.sleep(1_200)
        let slowest = 0
        const ask = Effect.suspend(() =>
          Effect.flatMap(timed(Effect.exit(cached.get("key"))), ([exit, millis]) => {
            slowest = Math.max(slowest, millis)
            return exit
          })
        )
        yield* Effect.promise(() => fail(sentinels.master))
        const failover = yield* Effect.forkChild(
          timed(
            Effect.promise(async () => {
              for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
                for (const { url } of sentinels.replicas) {
                  // Sentinel ends every connection to the replica in the moment in which it makes it the master.
                  const role = await askRedis(url, ["INFO", "replication"]).catch(() => "")
                  if (role.includes("role:master")) return
                }
                await new Promise((resolve) => setTimeout(resolve, 20))
              }
            })
          )
        )
        const [, recovery] = yield* timed(Effect.retry(ask, { times: 2_000, schedule: Schedule.spaced(10) }))
        const [, failoverTime] = yield* Fiber.join(failover)
        yield* Effect.logInfo(
          `${name}: failover ${Math.round(failoverTime)} ms, back after ${Math.round(recovery)} ms, slowest ${Math.round(slowest)} ms`
        )
        assert.isBelow(recovery, failoverTime + 3_000)
        assert.isBelow(slowest, 300)
        assert.strictEqual(Option.getOrUndefined(yield* cached.get("key")), "before")
        yield* cached.set("key", "after")
        sentinels.master.thaw()
        yield* Effect.sleep(1_500)
        assert.strictEqual(Option.getOrUndefined(yield* cached.get("key")), "after")
        yield* cached.set("key", "last")
      })
    )
  }

  it.live("a near cache serves nothing of a master that was replaced", () =>
    Effect.gen(function* () {
      const sentinels = yield* group
      const cached = yield* cache(sentinels, { nearCache: { maxEntries: 100 } })
      yield* cached.set("key", "before")
      yield* Effect.sleep(1_200)
      yield* cached.get("key")
      yield* cached.get("key")
      yield* Effect.sleep(30)
      sentinels.master.freeze()
      const write = async () => {
        for (const { url } of sentinels.replicas) {
          if ((await askRedis(url, ["INFO", "replication"])).includes("role:master")) {
            return askRedis(url, ["SET", "test:key", "after"])
          }
        }
        throw new Error("no replica is a master yet")
      }
      const reading = yield* Effect.forkChild(
        Effect.forever(Effect.andThen(Effect.exit(cached.get("key")), Effect.sleep(5)))
      )
      yield* Effect.retry(Effect.tryPromise(write), { times: 1_000, schedule: Schedule.spaced(20) })
      const written = performance.now()
      let answer: string | undefined
      for (; answer !== "after" && performance.now() < written + 3_000; yield* Effect.sleep(5)) {
        const asked = performance.now()
        const exit = yield* Effect.exit(cached.get("key"))
        answer = Exit.isSuccess(exit) ? Option.getOrUndefined(exit.value) : undefined
        if (asked > written + 250) assert.notStrictEqual(answer, "before")
      }
      assert.strictEqual(answer, "after")
      yield* Fiber.interrupt(reading)
      sentinels.master.thaw()
      yield* Effect.sleep(1_500)
      assert.strictEqual(Option.getOrUndefined(yield* cached.get("key")), "after")
    })
  )

  it.live("the loss of all sentinels does not block a healthy master, not even a new connection to it", () =>
    Effect.gen(function* () {
      const sentinels = yield* group
      const cached = yield* cache(sentinels)
      yield* cached.set("key", "value")
      yield* Effect.promise(() => Promise.all(sentinels.sentinels.map((sentinel) => sentinel.kill())))
      for (let round = 0; round < 50; round++) {
        assert.strictEqual(Option.getOrUndefined(yield* cached.get("key")), "value")
        yield* Effect.sleep(10)
      }
      yield* Effect.promise(() => askRedis(sentinels.master.url, ["CLIENT", "KILL", "TYPE", "normal"]))
      const [, recovery] = yield* timed(Effect.retry(cached.get("key"), { times: 500, schedule: Schedule.spaced(10) }))
      assert.isBelow(recovery, 1_500)
    })
  )

  it.live("no INCR is sent twice while connections break", () =>
    Effect.gen(function* () {
      const sentinels = yield* group
      const cached = yield* cache(sentinels)
      let acknowledged = 0
      let unknown = 0
      let done = false
      const load = Effect.gen(function* () {
        while (!done) {
          const exit = yield* Effect.result(cached.increment("count"))
          if (exit._tag === "Success") acknowledged++
          else if (exit.failure.outcome === "Unknown") unknown++
          else yield* Effect.sleep(5)
        }
      })
      const fibers = yield* Effect.forEach(Array.from({ length: 50 }), () => Effect.forkChild(load))
      // On a busy machine it takes more rounds until enough was counted to tell.
      for (let round = 0; round < 20 || (acknowledged <= 10_000 && round < 200); round++) {
        yield* Effect.sleep(100)
        yield* Effect.promise(() => askRedis(sentinels.master.url, ["CLIENT", "KILL", "TYPE", "normal"]))
      }
      done = true
      yield* Effect.forEach(fibers, Fiber.join)
      const counted = Number(yield* Effect.promise(() => askRedis(sentinels.master.url, ["GET", "test:count"])))
      assert.isAbove(acknowledged, 10_000)
      assert.isAtLeast(counted, acknowledged)
      assert.isAtMost(counted, acknowledged + unknown)
    })
  )

  it.live("options out of range fail the layer, and show nothing of a password", () =>
    Effect.gen(function* () {
      for (const options of [
        { sentinels: [] },
        { name: "" },
        { sentinels: [{ host: "", port: 1 }] },
        { sentinels: [{ host: "h", port: 0 }] },
        { sentinels: ["http://:canary@host"] },
        { database: -1 },
        { sentinels: undefined }
      ]) {
        const layer = CacheRedis.layerSentinel({
          name: "main",
          sentinels: [{ host: "127.0.0.1", port: 1 }],
          namespace: "test",
          ...(options as object)
        })
        const error = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
        assert.strictEqual(error.reason._tag, "InvalidArgument")
        assert.notInclude(JSON.stringify(error), "canary")
      }
    })
  )
})
