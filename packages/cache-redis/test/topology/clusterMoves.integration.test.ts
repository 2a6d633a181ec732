/** Slots that move by plan, under load: a failover, a reshard, and thousands of redirections at once. */
import { monitorEventLoopDelay } from "node:perf_hooks"
import { assert, describe, it } from "@effect/vitest"
import type { CachePort } from "@hexcache/cache-port"
import { askRedis } from "@hexcache/redis-testkit"
import { Effect, Exit, Fiber, Option, Stream } from "effect"
import { slotOf } from "../../src/topology/Slot.ts"
import { eventually } from "../support/bounds.ts"
import { at, cluster, clusterCache, keysOf, mapReadings } from "../support/clusters.ts"

/** Callers that write and read a key of their own each; the value is a number that grows. */
const callers = (cached: CachePort["Service"], keys: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const seen = { calls: 0, failed: [] as Array<string>, wrong: [] as Array<string> }
    const acknowledged = new Map<string, number>()
    let isOver = false
    const note = <A>(exit: Exit.Exit<A, unknown>) => {
      seen.calls++
      if (Exit.isFailure(exit)) seen.failed.push(String(exit.cause))
    }
    const call = (key: string) =>
      Effect.gen(function* () {
        for (let version = 1; !isOver; version++) {
          const written = yield* Effect.exit(cached.set(key, `${version}`))
          note(written)
          if (Exit.isSuccess(written)) acknowledged.set(key, version)
          const read = yield* Effect.exit(cached.get(key))
          note(read)
          if (Exit.isSuccess(read) && Option.getOrUndefined(read.value) !== `${version}` && Exit.isSuccess(written)) {
            seen.wrong.push(`${key}: ${Option.getOrUndefined(read.value)} for ${version}`)
          }
          yield* Effect.sleep(2)
        }
      })
    const fibers = yield* Effect.forEach(keys, (key) => Effect.forkChild(call(key)))
    const end = Effect.gen(function* () {
      isOver = true
      yield* Effect.forEach(fibers, Fiber.join)
      for (const [key, version] of acknowledged) {
        const value = Option.getOrUndefined(yield* cached.get(key))
        if (value !== `${version}`) seen.wrong.push(`${key}: ${value} for ${version} in the end`)
      }
      return seen
    })
    return { seen, end }
  })

describe.concurrent("slots that move by plan", () => {
  it.live("a failover to a replica that came later fails no call, and loses no acknowledged write", () =>
    Effect.gen(function* () {
      const group = yield* cluster({ replicas: 0 })
      const cached = yield* clusterCache(group, { topologyRefreshInterval: 200 })
      const replica = yield* Effect.promise(() => group.addReplica(at(group.masters, 0)))
      const { end, seen } = yield* callers(cached, keysOf(group, 0, 20))
      yield* eventually(() => seen.calls > 1_000)
      yield* Effect.promise(() => group.failOver(replica))
      const moved = seen.calls
      yield* eventually(() => seen.calls > moved + 1_000)
      const { failed, wrong } = yield* end
      assert.deepStrictEqual(failed, [])
      assert.deepStrictEqual(wrong, [])
      assert.isAbove(Number(yield* Effect.promise(() => askRedis(replica.url, ["DBSIZE"]))), 0)
    })
  )

  it.live(
    "flush, right behind a failover, empties the new master, and a scan that had begun goes on at the old one",
    () =>
      Effect.gen(function* () {
        const group = yield* cluster({ masters: 3, replicas: 1 })
        const cached = yield* clusterCache(group, { namespace: "", topologyRefreshInterval: "1 hour" })
        const keys = keysOf(group, 0, 3_000).map((key) => `test:${key}`)
        yield* cached.setMany(keys.map((key) => [key, "value"] as const))
        const [master, replica] = [at(group.masters, 0), at(group.replicas, 0)]
        yield* eventually(async () => (await askRedis(replica.url, ["DBSIZE"])) === `${keys.length}`)
        let failedOver = false
        const scanned = yield* Stream.runCollect(
          Stream.tap(cached.scan("*"), () =>
            Effect.promise(async () => {
              if (failedOver) return
              failedOver = true
              await group.failOver(replica)
            })
          )
        )
        assert.deepStrictEqual(new Set(scanned), new Set(keys))
        yield* cached.flush
        assert.strictEqual(yield* Effect.promise(() => askRedis(replica.url, ["DBSIZE"])), "0")
        yield* eventually(async () => (await askRedis(master.url, ["DBSIZE"])) === "0")
      })
  )

  it.live("a reshard of slots with keys fails no call, and loses no acknowledged write", () =>
    Effect.gen(function* () {
      const group = yield* cluster({ replicas: 0 })
      const cached = yield* clusterCache(group)
      const keys = keysOf(group, 0, 20)
      const { end, seen } = yield* callers(cached, keys)
      yield* eventually(() => seen.calls > 500)
      for (const key of keys) {
        yield* Effect.promise(() => group.moveSlot(slotOf(`test:${key}`), at(group.masters, 0), at(group.masters, 1)))
      }
      const moved = seen.calls
      yield* eventually(() => seen.calls > moved + 500)
      const { failed, wrong } = yield* end
      assert.deepStrictEqual(failed, [])
      assert.deepStrictEqual(wrong, [])
    })
  )

  it.live("the keys of a master that dies are reached at its successor by callers whose deadline allows it", () =>
    Effect.gen(function* () {
      const group = yield* cluster({ masters: 3, replicas: 1, nodeTimeout: 1_000 })
      const cached = yield* clusterCache(group)
      const keys = keysOf(group, 0, 20)
      yield* cached.setMany(keys.map((key) => [key, "value"] as const))
      yield* eventually(async () =>
        (
          await Promise.all([at(group.masters, 0), at(group.replicas, 0)].map(({ url }) => askRedis(url, ["DBSIZE"])))
        ).every((size) => size === `${keys.length}`)
      )
      yield* Effect.promise(() => at(group.masters, 0).kill())
      // Each waits for the failover, which takes longer than the node timeout.
      const found = yield* Effect.forEach(keys, (key) => cached.get(key), { concurrency: "unbounded" })
      assert.deepStrictEqual(
        found,
        keys.map(() => Option.some("value"))
      )
      yield* cached.set(keys[0] as string, "written")
    })
  )

  it.live("5,000 commands in flight that are all redirected succeed, and have the map read a few times", () =>
    Effect.gen(function* () {
      const group = yield* cluster({ replicas: 0 })
      const cached = yield* clusterCache(group, { topologyRefreshInterval: "1 hour" })
      const keys = keysOf(group, 0, 5_000)
      // The loop knows this work by then, and does it at another master.
      const warm = keysOf(group, 2, 5_000)
      yield* Effect.forEach(warm, (key) => cached.set(key, "warm"), { concurrency: "unbounded" })
      yield* Effect.promise(() => group.giveSlots(at(group.masters, 0), at(group.masters, 1)))
      yield* mapReadings(group.servers)
      const loop = monitorEventLoopDelay({ resolution: 5 })
      loop.enable()
      yield* Effect.forEach(warm, (key) => cached.set(key, "usual"), { concurrency: "unbounded" })
      const usual = loop.max / 1e6
      loop.reset()
      yield* Effect.forEach(keys, (key) => cached.set(key, "moved"), { concurrency: "unbounded" })
      const late = loop.max / 1e6
      loop.disable()
      yield* Effect.logInfo(`late by ${usual.toFixed(0)} ms, and by ${late.toFixed(0)} ms with redirections`)
      assert.strictEqual(yield* Effect.promise(() => askRedis(at(group.masters, 1).url, ["DBSIZE"])), "5000")
      assert.isAtMost(yield* mapReadings(group.servers), 30)
      // An array of all owners for each redirection would take seconds.
      assert.isBelow(late, 10 * usual + 1_000)
    })
  )
})
