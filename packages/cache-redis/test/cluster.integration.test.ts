/** What a cluster does that one server does not: slots, resharding, and masters that die or freeze. */
import { assert, describe, it } from "@effect/vitest"
import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { askRedis, RedisCluster, type RedisServer } from "@hexcache/redis-testkit"
import { Context, Effect, Fiber, Layer, Option, Schedule, Stream } from "effect"
import { slotOf } from "../src/Slot.ts"
import { onTime } from "./support/onTime.ts"
import { timed } from "./support/servers.ts"

const nodeTimeout = 1_000

const cluster = Effect.acquireRelease(
  Effect.promise(() => RedisCluster.start({ nodeTimeout })),
  (cluster) => Effect.promise(() => cluster.stop())
)

const cache = (cluster: RedisCluster, options: Partial<CacheRedis.CacheRedisClusterOptions> = {}) =>
  Layer.build(
    CacheRedis.layerCluster({ rootNodes: cluster.masters.map(({ url }) => url), namespace: "test", ...options })
  ).pipe(
    Effect.map(Context.get(CachePort)),
    Effect.tap(({ ping }) => Effect.retry(ping, { times: 300, schedule: Schedule.spaced(20) }))
  )

/** Keys whose slots the master at this place was given when the cluster was formed. */
const keysOf = (cluster: RedisCluster, master: number, count: number): ReadonlyArray<string> => {
  const [first, last] = cluster.slotsOf(master)
  const keys: Array<string> = []
  for (let index = 0; keys.length < count; index++) {
    const slot = slotOf(`test:key-${index}`)
    if (slot >= first && slot <= last) keys.push(`key-${index}`)
  }
  return keys
}

const at = (servers: ReadonlyArray<RedisServer>, index: number): RedisServer => servers[index] as RedisServer

describe("slotOf", () => {
  it.live("is what CLUSTER KEYSLOT answers, braces and all", () =>
    Effect.gen(function* () {
      const { masters } = yield* cluster
      const keys = [
        "",
        "a",
        "foo",
        "{user}:1",
        "foo{}{bar}",
        "foo{{bar}}zap",
        "{}",
        "{",
        "}{",
        "a{b}c{d}",
        "日本{語}",
        "é"
      ]
      for (let round = 0; round < 200; round++) {
        keys.push(Array.from({ length: 8 }, () => "ab{}é"[Math.floor(Math.random() * 5)]).join(""))
      }
      for (const key of keys) {
        const told = yield* Effect.promise(() => askRedis(at(masters, 0).url, ["CLUSTER", "KEYSLOT", key]))
        assert.strictEqual(slotOf(key), Number(told), JSON.stringify(key))
      }
    })
  )
})

describe("CacheRedis on a cluster", () => {
  it.live("resharding under INCR load: every increment counts once, and none fails", () =>
    Effect.gen(function* () {
      const group = yield* cluster
      const cached = yield* cache(group, { commandTimeout: "5 seconds" })
      const [from, to] = [at(group.masters, 0), at(group.masters, 1)]
      const keys = keysOf(group, 0, 8)
      let acknowledged = 0
      let done = false
      const load = Effect.gen(function* () {
        while (!done) {
          for (const key of keys) {
            yield* cached.increment(key)
            acknowledged++
          }
        }
      })
      const fibers = yield* Effect.forEach(Array.from({ length: 10 }), () => Effect.forkChild(load))
      yield* Effect.sleep(200)
      for (const key of keys) yield* Effect.promise(() => group.moveSlot(slotOf(`test:${key}`), from, to))
      yield* Effect.sleep(200)
      done = true
      yield* Effect.forEach(fibers, Fiber.join)
      const counted = yield* Effect.map(cached.getMany(keys), (found) =>
        Array.from(found.values(), (count) => Number(Option.getOrThrow(count))).reduce((sum, count) => sum + count, 0)
      )
      assert.isAbove(acknowledged, 1_000)
      assert.strictEqual(counted, acknowledged)
      assert.strictEqual((yield* Stream.runCollect(cached.scan("*"))).length, keys.length)
      assert.strictEqual(yield* cached.deletePattern("*"), keys.length)
    })
  )

  it.live("no INCR is sent twice while connections break", () =>
    Effect.gen(function* () {
      const group = yield* cluster
      const cached = yield* cache(group)
      const keys = [...keysOf(group, 0, 3), ...keysOf(group, 1, 3), ...keysOf(group, 2, 3)]
      const acknowledged = new Map(keys.map((key) => [key, 0]))
      const unknown = new Map(keys.map((key) => [key, 0]))
      const count = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1)
      let done = false
      const load = Effect.gen(function* () {
        while (!done) {
          for (const key of keys) {
            const result = yield* Effect.result(cached.increment(key))
            if (result._tag === "Success") count(acknowledged, key)
            else if (result.failure.outcome === "Unknown") count(unknown, key)
            else yield* Effect.sleep(2)
          }
        }
      })
      const fibers = yield* Effect.forEach(Array.from({ length: 50 }), () => Effect.forkChild(load))
      for (let round = 0; round < 20; round++) {
        yield* Effect.sleep(100)
        yield* Effect.promise(() =>
          Promise.all(group.masters.map(({ url }) => askRedis(url, ["CLIENT", "KILL", "TYPE", "normal"])))
        )
      }
      done = true
      yield* Effect.forEach(fibers, Fiber.join)
      yield* Effect.retry(cached.ping, { times: 200, schedule: Schedule.spaced(20) })
      const counted = yield* cached.getMany(keys)
      let all = 0
      for (const key of keys) {
        const stored = Number(Option.getOrThrow(counted.get(key) ?? Option.none()))
        const sure = acknowledged.get(key) ?? 0
        assert.isAtLeast(stored, sure)
        assert.isAtMost(stored, sure + (unknown.get(key) ?? 0))
        all += sure
      }
      assert.isAbove(all, 10_000)
    })
  )

  for (const [name, fail] of [
    ["killed", (server: RedisServer) => server.kill()],
    ["frozen", async (server: RedisServer) => server.freeze()]
  ] as const) {
    it.live(`a ${name} master: its shard answers again within node-timeout + 3 s, the others never wait`, () =>
      Effect.gen(function* () {
        const group = yield* cluster
        const cached = yield* cache(group)
        const [lost = ""] = keysOf(group, 0, 1)
        const others = [...keysOf(group, 1, 20), ...keysOf(group, 2, 20)]
        yield* cached.setMany([lost, ...others].map((key) => [key, "before"] as const))
        // What was written is on the replica as well.
        yield* Effect.sleep(1_100)
        let slowest = 0
        let failed = 0
        let asked = 0
        let done = false
        const watch = yield* Effect.forkChild(
          Effect.gen(function* () {
            while (!done) {
              for (const key of others) {
                const [answer, millis] = yield* timed(Effect.option(Effect.timeout(cached.get(key), "2 seconds")))
                asked++
                slowest = Math.max(slowest, millis)
                if (Option.isNone(answer)) failed++
              }
              yield* Effect.sleep(10)
            }
          })
        )
        yield* Effect.promise(() => fail(at(group.masters, 0)))
        let slowestLost = 0
        const ask = Effect.suspend(() =>
          Effect.tap(timed(Effect.exit(cached.get(lost))), ([, millis]) =>
            Effect.sync(() => {
              slowestLost = Math.max(slowestLost, millis)
            })
          )
        )
        const [, recovery] = yield* timed(
          Effect.retry(
            Effect.flatMap(ask, ([exit]) => exit),
            { times: 1_000, schedule: Schedule.spaced(10) }
          )
        )
        done = true
        yield* Fiber.join(watch)
        yield* Effect.logInfo(
          `${name}: back after ${Math.round(recovery)} ms; others: ${asked} asked, slowest ${Math.round(slowest)} ms`
        )
        assert.isBelow(recovery, nodeTimeout + 3_000)
        assert.isBelow(slowestLost, 300)
        assert.strictEqual(failed, 0)
        assert.isAbove(asked, 100)
        assert.isBelow(slowest, 300)
        assert.strictEqual(Option.getOrUndefined(yield* cached.get(lost)), "before")
        yield* cached.set(lost, "after")
        yield* cached.ping
        at(group.masters, 0).thaw()
        yield* Effect.sleep(1_500)
        assert.strictEqual(Option.getOrUndefined(yield* cached.get(lost)), "after")
        assert.strictEqual(yield* cached.deleteMany([lost, ...others]), 41)
      })
    )
  }

  it.live(
    "a cluster that is not there: the layer builds within 100 ms, operations fail at once, and succeed once it is",
    () =>
      onTime(
        Effect.gen(function* () {
          const group = yield* cluster
          yield* Effect.promise(() => Promise.all(group.servers.map((server) => server.freeze())))
          const [built, millis] = yield* timed(
            Layer.build(CacheRedis.layerCluster({ rootNodes: group.masters.map(({ url }) => url), namespace: "test" }))
          )
          const cached = Context.get(built, CachePort)
          assert.isBelow(millis, 100)
          for (const operation of [cached.get("key"), cached.ping, cached.flush, cached.setMany([["a", "1"]])]) {
            const [error, millis] = yield* timed(Effect.flip(operation))
            assert.strictEqual(error.reason._tag, "Unavailable")
            assert.isBelow(millis, 50)
          }
          for (const server of group.servers) server.thaw()
          const [, recovery] = yield* timed(
            Effect.retry(cached.get("key"), { times: 500, schedule: Schedule.spaced(10) })
          )
          assert.isBelow(recovery, 3_000)
        })
      )
  )
})
