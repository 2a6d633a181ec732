/** The adapter on a cluster, beyond one server: slots, resharding, and masters that die or freeze. */
import { assert, describe, it } from "@effect/vitest"
import { type CacheError, CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { askRedis, type RedisCluster, type RedisServer } from "@hexcache/redis-testkit"
import { Context, Effect, Exit, Fiber, Layer, Option, Stream } from "effect"
import { slotOf } from "../../src/topology/Slot.ts"
import {
  endsWithin,
  eventually,
  failAtOnce,
  patience,
  recoveryPatience,
  succeedsWithin,
  untilSuccess
} from "../support/bounds.ts"
import { at, clusterCache as cache, cluster, keysOf } from "../support/clusters.ts"
import { timed } from "../support/servers.ts"

const nodeTimeout = 1_000

/** Allowance for a busy machine in a failover, in which many processes take part, in milliseconds. */
const failoverPatience = 3 * recoveryPatience

/** Waits until every replica has all keys of its master. */
const replicated = ({ masters, replicas }: RedisCluster) =>
  eventually(async () => {
    const sizes = await Promise.all([...masters, ...replicas].map(({ url }) => askRedis(url, ["DBSIZE"])))
    return masters.every((_, index) => sizes[index] === sizes[masters.length + index])
  })

/** Waits until a master that was replaced follows the new one. */
const demoted = ({ url }: RedisServer) =>
  eventually(async () => (await askRedis(url, ["INFO", "replication"]).catch(() => "")).includes("role:slave"))

describe("slotOf", () => {
  it.live("is what CLUSTER KEYSLOT answers, braces and all", () =>
    Effect.gen(function* () {
      const { masters } = yield* cluster({ masters: 1, replicas: 0 })
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

describe.concurrent("CacheRedis on a cluster", () => {
  it.live("resharding under INCR load: every increment counts once, and none fails", () =>
    Effect.gen(function* () {
      const group = yield* cluster({ nodeTimeout })
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
            yield* Effect.sleep(1)
          }
        }
      })
      const fibers = yield* Effect.forEach(Array.from({ length: 10 }), () => Effect.forkChild(load))
      yield* eventually(() => acknowledged > 300)
      for (const key of keys) yield* Effect.promise(() => group.moveSlot(slotOf(`test:${key}`), from, to))
      const moved = acknowledged
      yield* eventually(() => acknowledged > moved + 300)
      done = true
      yield* Effect.forEach(fibers, Fiber.join)
      const counted = yield* Effect.map(cached.getMany(keys), (found) =>
        Array.from(found.values(), (count) => Number(Option.getOrThrow(count))).reduce((sum, count) => sum + count, 0)
      )
      assert.strictEqual(counted, acknowledged)
      assert.strictEqual((yield* Stream.runCollect(cached.scan("*"))).length, keys.length)
      assert.strictEqual(yield* cached.deletePattern("*"), keys.length)
    })
  )

  it.live("no INCR is sent twice while connections break", () =>
    Effect.gen(function* () {
      const group = yield* cluster({ nodeTimeout })
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
            if (result._tag === "Success") {
              all++
              count(acknowledged, key)
            } else if (result.failure.outcome === "Unknown") count(unknown, key)
            yield* Effect.sleep(2)
          }
        }
      })
      const fibers = yield* Effect.forEach(Array.from({ length: 50 }), () => Effect.forkChild(load))
      let all = 0
      for (let round = 1; round <= 20; round++) {
        yield* eventually(() => all >= round * 200)
        yield* Effect.promise(() =>
          Promise.all(group.masters.map(({ url }) => askRedis(url, ["CLIENT", "KILL", "TYPE", "normal"], 60_000)))
        )
      }
      done = true
      yield* Effect.forEach(fibers, Fiber.join)
      const counted = yield* untilSuccess(cached.getMany(keys))
      for (const key of keys) {
        const stored = Number(Option.getOrElse(counted.get(key) ?? Option.none(), () => "0"))
        const sure = acknowledged.get(key) ?? 0
        assert.isAtLeast(stored, sure)
        assert.isAtMost(stored, sure + (unknown.get(key) ?? 0))
      }
    })
  )

  for (const [name, fail] of [
    ["killed", (server: RedisServer) => server.kill()],
    ["frozen", async (server: RedisServer) => server.freeze()]
  ] as const) {
    it.live(`a ${name} master: its shard answers again within node-timeout + 3 s, the others never wait`, () =>
      Effect.gen(function* () {
        const group = yield* cluster({ nodeTimeout })
        // Long, so that it tells reads that wait for the lost master from reads on a busy machine.
        const deadline = 1_500
        const cached = yield* cache(group, { commandTimeout: deadline })
        const [lost = ""] = keysOf(group, 0, 1)
        const others = [...keysOf(group, 1, 20), ...keysOf(group, 2, 20)]
        yield* cached.setMany([lost, ...others].map((key) => [key, "before"] as const))
        yield* replicated(group)
        let failed = 0
        let reads = 0
        let done = false
        const watch = yield* Effect.forkChild(
          Effect.gen(function* () {
            while (!done) {
              for (const key of others) {
                const exit = yield* Effect.exit(cached.get(key))
                reads++
                if (Exit.isFailure(exit)) failed++
              }
              yield* Effect.sleep(10)
            }
          })
        )
        yield* Effect.promise(() => fail(at(group.masters, 0)))
        const read = Effect.suspend(() =>
          Effect.flatten(endsWithin(deadline + patience, Effect.exit(cached.get(lost))))
        )
        const [, recovery] = yield* timed(untilSuccess(read))
        done = true
        yield* Fiber.join(watch)
        yield* Effect.logInfo(`${name}: back after ${Math.round(recovery)} ms; ${reads} reads of others`)
        assert.isBelow(recovery, nodeTimeout + 3_000 + failoverPatience)
        assert.strictEqual(failed, 0)
        // Had each of them waited, they would be as few as deadlines go into that time.
        assert.isAbove(reads, 10 * (recovery / deadline))
        assert.strictEqual(Option.getOrUndefined(yield* cached.get(lost)), "before")
        yield* cached.set(lost, "after")
        yield* cached.ping
        at(group.masters, 0).thaw()
        if (name === "frozen") yield* demoted(at(group.masters, 0))
        assert.strictEqual(Option.getOrUndefined(yield* untilSuccess(cached.get(lost))), "after")
        assert.strictEqual(yield* untilSuccess(cached.deleteMany([lost, ...others])), 41)
      })
    )
  }

  it.live(
    "a cluster that is not there: the layer builds, operations fail, at once when it is known, and succeed once it is",
    () =>
      Effect.gen(function* () {
        const deadline = 1_000
        const group = yield* cluster({ nodeTimeout })
        yield* Effect.promise(() => Promise.all(group.servers.map((server) => server.freeze())))
        const built = yield* endsWithin(
          patience,
          Layer.build(
            CacheRedis.layerCluster({
              rootNodes: group.masters.map(({ url }) => url),
              namespace: "test",
              commandTimeout: deadline
            })
          )
        )
        const cached = Context.get(built, CachePort)
        const operations = [cached.get("key"), cached.ping, cached.flush, cached.setMany([["a", "1"]])]
        const failures = Effect.all(
          operations.map((operation) => Effect.flip(operation as Effect.Effect<unknown, CacheError>)),
          { concurrency: "unbounded" }
        )
        const first = yield* endsWithin(deadline + patience, failures)
        for (const { reason } of [...first, ...(yield* failAtOnce(deadline, cached))]) {
          assert.strictEqual(reason._tag, "Unavailable")
        }
        for (const server of group.servers) server.thaw()
        yield* succeedsWithin(3_000, cached.get("key"))
      })
  )
})
