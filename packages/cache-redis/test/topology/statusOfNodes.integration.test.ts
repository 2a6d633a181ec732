/** The state of a Cluster and of a group behind Sentinel, as a whole and node by node. */
import { assert, describe, it } from "@effect/vitest"
import { CacheRedis } from "@hexcache/cache-redis"
import { freePort, RedisCluster, RedisSentinels, type RedisServer } from "@hexcache/redis-testkit"
import { Effect } from "effect"
import { server } from "../support/servers.ts"
import { watched } from "../support/watched.ts"

const patient = { namespace: "test", connectTimeout: "20 seconds" } as const

const addressOf = ({ port }: RedisServer) => `127.0.0.1:${port}`

describe.concurrent("the state of a cluster", () => {
  it.live("is Up with all of its masters, and Down while one of them is, whose node tells it apart", () =>
    Effect.gen(function* () {
      const { masters } = yield* Effect.acquireRelease(
        Effect.promise(() => RedisCluster.start({ replicas: 0, nodeTimeout: 60_000 })),
        (cluster) => Effect.promise(() => cluster.stop())
      )
      const [lost, ...others] = masters as [RedisServer, ...Array<RedisServer>]
      const { until } = yield* watched(
        CacheRedis.layerCluster({
          rootNodes: others.map(({ url }) => url),
          ...patient,
          commandTimeout: "20 seconds"
        })
      )
      const { nodes } = yield* until("Up")
      assert.hasAllKeys(nodes, masters.map(addressOf))
      assert.isTrue(Object.values(nodes).every(({ _tag }) => _tag === "Up"))

      yield* Effect.promise(() => lost.kill())
      const down = yield* until("Down")
      assert.strictEqual(down.reason._tag, "Unavailable")
      assert.strictEqual(down.nodes[addressOf(lost)]?._tag, "Down")
      for (const other of others) assert.strictEqual(down.nodes[addressOf(other)]?._tag, "Up")

      yield* Effect.promise(() => lost.restart())
      yield* until("Up")
    })
  )

  it.live("is Down while no node answers, with the reason of the one that refuses the password", () =>
    Effect.gen(function* () {
      const { url } = yield* server({ args: ["--requirepass", "right"] })
      const gone = { host: "127.0.0.1", port: yield* Effect.promise(() => freePort()) }
      const { until } = yield* watched(
        CacheRedis.layerCluster({
          rootNodes: [gone, url],
          password: "canary-7f3a",
          ...patient,
          commandTimeout: "20 seconds"
        })
      )
      const { reason } = yield* until("Down", ({ reason }) => reason._tag === "AccessDenied")
      assert.notInclude(reason.message, "canary")
    })
  )
})

describe.concurrent("the state behind Sentinel", () => {
  it.live("names the master, and after a failover the new one", () =>
    Effect.gen(function* () {
      const { master, name, replicas, sentinels } = yield* Effect.acquireRelease(
        Effect.promise(() => RedisSentinels.start({ downAfter: 500 })),
        (group) => Effect.promise(() => group.stop())
      )
      const { tags, until } = yield* watched(
        CacheRedis.layerSentinel({
          name,
          sentinels: sentinels.map(({ url }) => url),
          ...patient,
          commandTimeout: "20 seconds"
        })
      )
      const { nodes } = yield* until("Up")
      assert.hasAllKeys(nodes, [addressOf(master)])
      yield* Effect.promise(() => master.kill())
      yield* until("Down", ({ nodes }) => nodes[addressOf(master)]?._tag === "Down")
      const promoted = yield* until("Up")
      const [address, ...others] = Object.keys(promoted.nodes)
      assert.include(replicas.map(addressOf), address)
      assert.isEmpty(others)
      assert.deepStrictEqual(tags(), ["Connecting", "Up", "Connecting", "Down", "Up"])
    })
  )

  it.live("has no node while no sentinel answers", () =>
    Effect.gen(function* () {
      const gone = { host: "127.0.0.1", port: yield* Effect.promise(() => freePort()) }
      const { until } = yield* watched(
        CacheRedis.layerSentinel({ name: "main", sentinels: [gone], ...patient, commandTimeout: "20 seconds" })
      )
      const { nodes, reason } = yield* until("Down")
      assert.strictEqual(reason.message, "no sentinel answers")
      assert.deepStrictEqual(nodes, {})
    })
  )
})
