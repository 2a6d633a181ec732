/** Nodes that announce addresses of another network: what is announced is not where they are reached. */
import { assert, describe, it } from "@effect/vitest"
import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { askRedis, FaultProxy, RedisSentinels, type RedisServer } from "@hexcache/redis-testkit"
import { Context, Effect, Layer, Option } from "effect"
import { slotOf } from "../../src/topology/Slot.ts"
import { failsFor } from "../support/bounds.ts"
import { at, cluster, clusterCache, keysOf } from "../support/clusters.ts"

/** A proxy in front of each server, which is the only way to it that is meant to be taken. */
const proxies = (servers: ReadonlyArray<RedisServer>) =>
  Effect.forEach(servers, ({ port }) =>
    Effect.acquireRelease(
      Effect.promise(() => FaultProxy.start(port)),
      (proxy) => Effect.promise(() => proxy.stop())
    )
  )

const announced = ({ port }: { readonly port: number }) => `127.0.0.1:${port}`

const reached = ({ port }: { readonly port: number }) => ({ host: "127.0.0.1", port })

describe.concurrent("a cluster whose nodes are to be reached by names", () => {
  for (const [name, args] of [
    ["announces them", ["--cluster-announce-hostname", "localhost"]],
    ["has announced none: its nodes are reached by their addresses, the target of a redirection too", []]
  ] as const) {
    it.live(name, () =>
      Effect.gen(function* () {
        const group = yield* cluster({ replicas: 0, args: ["--cluster-preferred-endpoint-type", "hostname", ...args] })
        const cached = yield* clusterCache(group, { topologyRefreshInterval: "1 hour" })
        const [key = ""] = keysOf(group, 0, 1)
        yield* cached.set(key, "value")
        yield* Effect.promise(() => group.moveSlot(slotOf(`test:${key}`), at(group.masters, 0), at(group.masters, 1)))
        assert.deepStrictEqual(yield* cached.get(key), Option.some("value"))
      })
    )
  }
})

describe.concurrent("nodeAddressMap", () => {
  it.live("leads to every node of a cluster, to the target of a redirection too", () =>
    Effect.gen(function* () {
      const group = yield* cluster({ replicas: 0 })
      const ways = yield* proxies(group.masters)
      const cached = yield* clusterCache(group, {
        rootNodes: ways.slice(0, 1).map(({ url }) => url),
        nodeAddressMap: Object.fromEntries(
          group.masters.map((master, index) => [announced(master), reached(ways[index] as FaultProxy)])
        ),
        topologyRefreshInterval: "1 hour",
        commandTimeout: 2_000
      })
      const [key = ""] = keysOf(group, 0, 1)
      yield* cached.set(key, "value")
      yield* Effect.promise(() => group.moveSlot(slotOf(`test:${key}`), at(group.masters, 0), at(group.masters, 1)))
      assert.deepStrictEqual(yield* cached.get(key), Option.some("value"))
      for (const way of ways) assert.isAtLeast(way.accepted, 1)
      for (const way of ways) way.refuse()
      for (const master of [0, 1, 2]) {
        yield* failsFor("Unavailable", cached.get(keysOf(group, master, 1)[0] as string))
      }
    })
  )

  it.live("leads to the master that sentinels name", () =>
    Effect.gen(function* () {
      const group = yield* Effect.acquireRelease(
        Effect.promise(() => RedisSentinels.start({ replicas: 0, sentinels: 1 })),
        (group) => Effect.promise(() => group.stop())
      )
      const [way] = yield* proxies([group.master])
      const cached = Context.get(
        yield* Layer.build(
          CacheRedis.layerSentinel({
            name: group.name,
            sentinels: group.sentinels.map(({ url }) => url),
            namespace: "test",
            nodeAddressMap: (address) => (address === announced(group.master) ? reached(way as FaultProxy) : undefined),
            commandTimeout: 2_000,
            connectTimeout: "10 seconds"
          })
        ),
        CachePort
      )
      yield* cached.set("key", "value")
      assert.strictEqual(yield* Effect.promise(() => askRedis(group.master.url, ["GET", "test:key"])), "value")
      way?.refuse()
      yield* failsFor("Unavailable", cached.get("key"))
    })
  )
})
