/** How the map of a cluster is kept: read before it is needed and where something hints at a change, and seldom else. */
import { setTimeout as sleep } from "node:timers/promises"
import { assert, describe, it } from "@effect/vitest"
import { askRedis, type RedisServer } from "@hexcache/redis-testkit"
import { Effect, Option, Schedule } from "effect"
import { slotOf } from "../../src/topology/Slot.ts"
import { address } from "../support/address.ts"
import { endsWithin, eventually, failsFor, patience, succeedsWithin } from "../support/bounds.ts"
import { at, cluster, clusterCache, keysOf, mapReadings } from "../support/clusters.ts"
import { timed } from "../support/servers.ts"

const never = "1 hour"

/** True if a server has a client besides the one that asks. */
const hasClient = async ({ url }: RedisServer): Promise<boolean> =>
  (await askRedis(url, ["CLIENT", "LIST", "TYPE", "normal"])).trim().split("\n").length > 1

/** The ids of a server's clients besides the one that asks. */
const clientsOf = ({ url }: RedisServer) =>
  Effect.promise(async () => {
    const clients = (await askRedis(url, ["CLIENT", "LIST", "TYPE", "normal"])).trim().split("\n")
    return clients.filter((client) => !client.includes("cmd=client")).map((client) => client.match(/^id=(\d+)/)?.[1])
  })

/** Lets each of two masters redirect the commands of a key to the other one. */
const redirectToEachOther = (masters: ReadonlyArray<RedisServer>, key: string) =>
  Effect.forEach([at(masters, 0), at(masters, 1)], (server, index) =>
    Effect.promise(async () => {
      const owner = await askRedis(at(masters, 1 - index).url, ["CLUSTER", "MYID"])
      await askRedis(server.url, ["CLUSTER", "SETSLOT", `${slotOf(`test:${key}`)}`, "NODE", owner])
    })
  )

/** How often servers have refused a SET since they started. */
const refusedSets = (servers: ReadonlyArray<RedisServer>): Effect.Effect<number> =>
  Effect.map(
    Effect.forEach(servers, ({ url }) => Effect.promise(() => askRedis(url, ["INFO", "commandstats"]))),
    (stats) => stats.reduce((sum, each) => sum + Number(/cmdstat_set:.*rejected_calls=(\d+)/.exec(each)?.[1] ?? 0), 0)
  )

describe.concurrent("the map of a cluster", () => {
  it.live("is read though nothing hints at a change: a new replica is connected to before it is needed", () =>
    Effect.gen(function* () {
      const group = yield* cluster({ replicas: 0 })
      yield* clusterCache(group, { topologyRefreshInterval: 100 })
      const replica = yield* Effect.promise(() => group.addReplica(at(group.masters, 0)))
      yield* eventually(() => hasClient(replica))
    })
  )

  it.live("is read once each interval, by one node, while all is well", () =>
    Effect.gen(function* () {
      const group = yield* cluster({ replicas: 0 })
      const cached = yield* clusterCache(group, { topologyRefreshInterval: 200 })
      const keys = keysOf(group, 0, 100)
      yield* mapReadings(group.servers)
      const [, millis] = yield* timed(
        Effect.forEach(Array.from({ length: 100 }), () => Effect.andThen(cached.getMany(keys), Effect.sleep(10)))
      )
      const readings = yield* mapReadings(group.servers)
      // The interval is a quarter shorter at most.
      assert.isAtMost(readings, millis / 150 + 1)
      assert.isAtLeast(readings, 1)
    })
  )

  it.live("is read when a server says CLUSTERDOWN: one without slots is taken out, and no call fails", () =>
    Effect.gen(function* () {
      const group = yield* cluster({ replicas: 0 })
      const cached = yield* clusterCache(group, { topologyRefreshInterval: never })
      const [key = ""] = keysOf(group, 0, 1)
      yield* cached.set(key, "before")
      yield* Effect.promise(() => group.giveSlots(at(group.masters, 0), at(group.masters, 1)))
      yield* Effect.promise(() => group.remove(at(group.masters, 0)))
      const [first, ...others] = keysOf(group, 0, 10)
      yield* cached.set(first as string, "after")
      assert.deepStrictEqual(yield* cached.get(first as string), Option.some("after"))
      for (const other of others) yield* cached.set(other, "after")
      assert.strictEqual(yield* Effect.promise(() => askRedis(at(group.masters, 1).url, ["DBSIZE"])), "10")
    })
  )

  it.live("comes from the root nodes' name when all nodes behind it were replaced, and one old node lingers", () =>
    Effect.gen(function* () {
      const [old, next] = yield* Effect.all([cluster({ replicas: 0 }), cluster({ replicas: 0 })], { concurrency: 2 })
      const { leadTo, url } = yield* address
      leadTo(at(old.masters, 0).port)
      const cached = yield* clusterCache(old, {
        rootNodes: [url],
        commandTimeout: 1_000,
        topologyRefreshInterval: never
      })
      const keys = [0, 1, 2].flatMap((master) => keysOf(old, master, 1))
      for (const key of keys) yield* cached.set(key, "old")
      leadTo(at(next.masters, 0).port)
      yield* Effect.promise(() => Promise.all([at(old.masters, 1).kill(), at(old.masters, 2).kill()]))
      for (const key of keys.toReversed()) yield* succeedsWithin(10_000, cached.set(key, "new"))
      for (const key of keys) assert.deepStrictEqual(yield* cached.get(key), Option.some("new"))
      const sizes = yield* Effect.promise(() => Promise.all(next.masters.map(({ url }) => askRedis(url, ["DBSIZE"]))))
      assert.deepStrictEqual(sizes, ["1", "1", "1"])
    })
  )

  it.live("comes from the root nodes' name when all nodes behind it were replaced, and the old ones still answer", () =>
    Effect.gen(function* () {
      const [old, next] = yield* Effect.all([cluster({ replicas: 0 }), cluster({ replicas: 0 })], { concurrency: 2 })
      const { leadTo, url } = yield* address
      leadTo(at(old.masters, 0).port)
      const cached = yield* clusterCache(old, { rootNodes: [url], topologyRefreshInterval: 50 })
      const [key = ""] = keysOf(old, 1, 1)
      yield* cached.set(key, "old")
      leadTo(at(next.masters, 0).port)
      yield* eventually(async () => {
        await Effect.runPromise(cached.set(key, "new"))
        return (await askRedis(at(next.masters, 1).url, ["EXISTS", `test:${key}`])) === "1"
      })
    })
  )

  it.live("is believed to cover every slot where one node has forgotten another: that one is not left", () =>
    Effect.gen(function* () {
      const group = yield* cluster({ masters: 2, replicas: 0 })
      const [forgetful, forgotten] = [at(group.masters, 0), at(group.masters, 1)]
      const cached = yield* clusterCache(group, { rootNodes: [forgetful.url], topologyRefreshInterval: 100 })
      const keys = keysOf(group, 1, 10)
      yield* cached.getMany(keys)
      const clients = clientsOf(forgotten)
      const before = yield* clients
      const id = yield* Effect.promise(() => askRedis(forgotten.url, ["CLUSTER", "MYID"]))
      yield* Effect.promise(() => askRedis(forgetful.url, ["CLUSTER", "FORGET", id]))
      yield* mapReadings([forgetful])
      let readings = 0
      // Longer than a node is kept that has left the map.
      for (const begun = performance.now(); performance.now() - begun < 3_000 || readings < 10; ) {
        for (const key of keys) yield* cached.set(key, "value")
        readings += yield* mapReadings([forgetful])
        yield* Effect.sleep(50)
      }
      assert.deepStrictEqual(yield* clients, before)
    })
  )

  it.live("leaves slots that no node has without a master, as the failure says, until a node takes them", () =>
    Effect.gen(function* () {
      const group = yield* cluster({ masters: 2, replicas: 0 })
      const cached = yield* clusterCache(group, { topologyRefreshInterval: 100 })
      const [key = ""] = keysOf(group, 1, 1)
      yield* cached.set(key, "before")
      const [first, last] = group.slotsOf(1)
      const slots = Array.from({ length: last - first + 1 }, (_, index) => `${first + index}`)
      // The owner first: a message that it still has them lets the other one take them down again.
      for (const { url } of [at(group.masters, 1), at(group.masters, 0)]) {
        yield* eventually(async () => {
          await askRedis(url, ["CLUSTER", "DELSLOTS", ...slots]).catch(() => "unassigned already")
          await sleep(300)
          return (await askRedis(url, ["CLUSTER", "INFO"])).includes(
            `cluster_slots_assigned:${16_384 - slots.length}\r\n`
          )
        })
      }
      const failure = yield* Effect.flip(cached.get(key)).pipe(
        Effect.repeat({ until: ({ serverCode }) => serverCode === undefined, schedule: Schedule.spaced(50) }),
        (failing) => endsWithin(60_000, failing)
      )
      assert.strictEqual(failure.reason._tag, "Unavailable")
      assert.include(failure.message, "a part of the cluster's slots has no master")
      yield* Effect.promise(() => askRedis(at(group.masters, 0).url, ["CLUSTER", "ADDSLOTS", ...slots]))
      yield* succeedsWithin(3_000, cached.set(key, "after"))
    })
  )

  it.live("is read seldom while a master without a replica is gone: with growing pauses, by few nodes", () =>
    Effect.gen(function* () {
      const group = yield* cluster({ replicas: 0 })
      const cached = yield* clusterCache(group, { commandTimeout: 1_000, topologyRefreshInterval: never })
      const [lost = ""] = keysOf(group, 0, 1)
      const [lostServer, ...others] = group.masters
      yield* Effect.promise(() => (lostServer as RedisServer).kill())
      yield* failsFor("Unavailable", cached.get(lost))
      yield* mapReadings(others)
      const [, millis] = yield* timed(
        Effect.forEach(Array.from({ length: 400 }), () =>
          Effect.andThen(Effect.exit(cached.get(lost)), Effect.sleep(10))
        )
      )
      // The pauses are half a second or more before long, and two nodes get a question behind each.
      assert.isAtMost(yield* mapReadings(others), 2 * (6 + millis / 500))
      yield* Effect.promise(() => (lostServer as RedisServer).restart())
    })
  )

  it.live("is read few times, and a command is sent few times, where two nodes redirect to each other", () =>
    Effect.gen(function* () {
      const group = yield* cluster({ masters: 2, replicas: 0 })
      const deadline = 5_000
      const cached = yield* clusterCache(group, { commandTimeout: deadline, topologyRefreshInterval: never })
      const [key = ""] = keysOf(group, 0, 1)
      yield* redirectToEachOther(group.masters, key)
      yield* mapReadings(group.masters)
      const failing = Effect.gen(function* () {
        const failure = yield* Effect.flip(endsWithin(deadline + patience, cached.set(key, "value")))
        assert.strictEqual(failure.reason._tag, "Unavailable")
        assert.include(failure.message, "redirect to each other")
        assert.strictEqual(failure.outcome, "NotExecuted")
      })
      yield* failing
      assert.strictEqual(yield* refusedSets(group.masters), 6)
      const [, millis] = yield* timed(Effect.forEach(Array.from({ length: 10 }), () => failing))
      assert.isAtMost(yield* mapReadings(group.masters), 2 * (8 + millis / 500))
    })
  )

  it.live("lets no command wait past its deadline for another try, where two nodes redirect to each other", () =>
    Effect.gen(function* () {
      const group = yield* cluster({ masters: 2, replicas: 0 })
      const cached = yield* clusterCache(group, { commandTimeout: 100, topologyRefreshInterval: never })
      const [key = ""] = keysOf(group, 0, 1)
      yield* redirectToEachOther(group.masters, key)
      const failure = yield* Effect.flip(cached.set(key, "value"))
      // The last pause before the limit of redirections would end behind the deadline.
      assert.notInclude(failure.message, "redirect to each other")
      assert.isAtMost(yield* refusedSets(group.masters), 5)
    })
  )
})
