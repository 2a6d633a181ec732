/** A group that Redis Sentinel watches: failover, and the loss of the sentinels. */
import { assert, describe, it } from "@effect/vitest"
import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { askRedis, RedisSentinels, type RedisServer } from "@hexcache/redis-testkit"
import { Context, Effect, Exit, Fiber, Layer, Option, Schedule, Scope } from "effect"
import { endsWithin, eventually, patience, recoveryPatience, succeedsWithin, untilSuccess } from "../support/bounds.ts"
import { subscribers } from "../support/sentinels.ts"
import { timed } from "../support/servers.ts"

const downAfter = 1_000

const deadline = 1_000

/** Allowance for a busy machine in a failover, in which many processes take part, in milliseconds. */
const failoverPatience = 3 * recoveryPatience

const group = Effect.acquireRelease(
  Effect.promise(() => RedisSentinels.start({ downAfter })),
  (group) => Effect.promise(() => group.stop())
)

const cache = (
  group: Pick<RedisSentinels, "name" | "sentinels">,
  options: Partial<CacheRedis.CacheRedisSentinelOptions> = {}
) =>
  Layer.build(
    CacheRedis.layerSentinel({
      name: group.name,
      sentinels: group.sentinels.map(({ port }) => ({ host: "127.0.0.1", port })),
      namespace: "test",
      commandTimeout: deadline,
      // For the sentinels and the master, which on a busy machine are slow to connect to.
      connectTimeout: "3 seconds",
      ...options
    })
  ).pipe(
    Effect.map(Context.get(CachePort)),
    Effect.tap(({ ping }) => untilSuccess(ping))
  )

const failures = [
  ["killed", (server: RedisServer) => server.kill()],
  ["frozen", async (server: RedisServer) => server.freeze()]
] as const

/** Waits until every replica has all keys of the master. */
const replicated = ({ master, replicas }: RedisSentinels) => {
  const sizeOf = ({ url }: RedisServer) => askRedis(url, ["DBSIZE"])
  return eventually(async () => {
    const [size, ...sizes] = await Promise.all([master, ...replicas].map(sizeOf))
    return sizes.every((each) => each === size)
  })
}

/** The replica that the sentinels have made the master. */
const promoted = ({ replicas }: RedisSentinels): Effect.Effect<RedisServer> =>
  Effect.suspend(() => {
    let found: RedisServer | undefined
    return Effect.map(
      eventually(async () => {
        // Sentinel ends every connection to the replica in the moment in which it makes it the master.
        const roles = await Promise.all(
          replicas.map(({ url }) => askRedis(url, ["INFO", "replication"]).catch(() => ""))
        )
        found = replicas[roles.findIndex((role) => role.includes("role:master"))]
        return found !== undefined
      }),
      () => found as RedisServer
    )
  })

/** Waits until a master that was replaced follows the new one. */
const demoted = ({ master }: RedisSentinels) =>
  eventually(async () => (await askRedis(master.url, ["INFO", "replication"]).catch(() => "")).includes("role:slave"))

describe.concurrent("CacheRedis behind Sentinel", () => {
  for (const [name, fail] of failures) {
    it.live(`a ${name} master: operations end by their deadline, and succeed within failover time + 3 s`, () =>
      Effect.gen(function* () {
        const sentinels = yield* group
        const cached = yield* cache(sentinels)
        yield* cached.set("key", "before")
        yield* replicated(sentinels)
        const read = Effect.suspend(() =>
          Effect.flatten(endsWithin(deadline + patience, Effect.exit(cached.get("key"))))
        )
        yield* Effect.promise(() => fail(sentinels.master))
        const failover = yield* Effect.forkChild(timed(promoted(sentinels)))
        const [, recovery] = yield* timed(untilSuccess(read))
        const [, failoverTime] = yield* Fiber.join(failover)
        yield* Effect.logInfo(`${name}: failover ${Math.round(failoverTime)} ms, back after ${Math.round(recovery)} ms`)
        assert.isBelow(recovery, failoverTime + 3_000 + failoverPatience)
        assert.strictEqual(Option.getOrUndefined(yield* cached.get("key")), "before")
        yield* cached.set("key", "after")
        sentinels.master.thaw()
        if (name === "frozen") yield* demoted(sentinels)
        assert.strictEqual(Option.getOrUndefined(yield* untilSuccess(cached.get("key"))), "after")
        yield* cached.set("key", "last")
      })
    )
  }

  it.live("a near cache serves nothing of a master that was replaced", () =>
    Effect.gen(function* () {
      const sentinels = yield* group
      const cached = yield* cache(sentinels, { nearCache: { maxEntries: 100 } })
      yield* cached.set("key", "before")
      yield* replicated(sentinels)
      yield* cached.get("key")
      yield* cached.get("key")
      yield* Effect.sleep(30)
      sentinels.master.freeze()
      const reading = yield* Effect.forkChild(
        Effect.forever(Effect.andThen(Effect.exit(cached.get("key")), Effect.sleep(5)))
      )
      const { url } = yield* promoted(sentinels)
      const write = Effect.tryPromise(() => askRedis(url, ["SET", "test:key", "after"]))
      yield* Effect.retry(write, { times: 1_000, schedule: Schedule.spaced(20) })
      const written = performance.now()
      let answer: string | undefined
      for (; answer !== "after" && performance.now() < written + 3_000 + failoverPatience; yield* Effect.sleep(5)) {
        const began = performance.now()
        const exit = yield* Effect.exit(cached.get("key"))
        answer = Exit.isSuccess(exit) ? Option.getOrUndefined(exit.value) : undefined
        if (began > written + deadline) assert.notStrictEqual(answer, "before")
      }
      assert.strictEqual(answer, "after")
      yield* Fiber.interrupt(reading)
      sentinels.master.thaw()
      yield* demoted(sentinels)
      assert.strictEqual(Option.getOrUndefined(yield* untilSuccess(cached.get("key"))), "after")
    })
  )

  for (const [name, fail] of failures) {
    it.live(`sentinels that are ${name} do not block a healthy master, nor a new connection to it, nor the end`, () =>
      Effect.gen(function* () {
        const sentinels = yield* group
        const scope = yield* Scope.make()
        const cached = yield* Scope.provide(cache(sentinels), scope)
        yield* cached.set("key", "value")
        yield* Effect.promise(() => Promise.all(sentinels.sentinels.map(fail)))
        for (let round = 0; round < 50; round++) {
          assert.strictEqual(Option.getOrUndefined(yield* cached.get("key")), "value")
          yield* Effect.sleep(10)
        }
        yield* Effect.promise(() => askRedis(sentinels.master.url, ["CLIENT", "KILL", "TYPE", "normal"]))
        yield* succeedsWithin(1_500, cached.get("key"))
        yield* endsWithin(500 + patience, Scope.close(scope, Exit.void))
      })
    )
  }

  it.live("one connection to each sentinel is kept, and ends with the layer", () =>
    Effect.gen(function* () {
      const { name, sentinels } = yield* group
      const count = (expected: number) =>
        Effect.forEach(sentinels, (sentinel) => eventually(async () => (await subscribers(sentinel)) === expected))
      yield* Effect.scoped(Effect.andThen(cache({ name, sentinels }), count(1)))
      yield* count(0)
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
          yield* Effect.sleep(2)
        }
      })
      const fibers = yield* Effect.forEach(Array.from({ length: 50 }), () => Effect.forkChild(load))
      for (let round = 1; round <= 20; round++) {
        yield* eventually(() => acknowledged >= round * 200)
        yield* Effect.promise(() => askRedis(sentinels.master.url, ["CLIENT", "KILL", "TYPE", "normal"], 60_000))
      }
      done = true
      yield* Effect.forEach(fibers, Fiber.join)
      const counted = Number(yield* Effect.promise(() => askRedis(sentinels.master.url, ["GET", "test:count"])))
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
        { sentinelTls: "canary" },
        { sentinelUsername: "" },
        { sentinelPassword: "" },
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
