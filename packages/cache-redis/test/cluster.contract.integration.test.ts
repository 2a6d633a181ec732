import { CacheContract } from "@hexcache/cache-contract"
import { CacheRedis } from "@hexcache/cache-redis"
import { RedisCluster } from "@hexcache/redis-testkit"
import { createCluster } from "@redis/client"
import { Effect, Layer } from "effect"
import { afterAll, beforeAll } from "vitest"

const namespace = "contract"

let cluster: RedisCluster
let beside: ReturnType<typeof createCluster>

beforeAll(async () => {
  cluster = await RedisCluster.start()
  beside = createCluster({ rootNodes: [{ url: cluster.masters[0]?.url ?? "" }] })
  await beside.connect()
})
afterAll(async () => {
  beside?.destroy()
  await cluster?.stop()
})

// Made when a test begins, when the cluster is there.
const layer = (namespace: string) =>
  Layer.unwrap(
    Effect.sync(() =>
      CacheRedis.layerCluster({
        rootNodes: cluster.masters.map(({ url }) => url),
        namespace,
        commandTimeout: "20 seconds",
        connectTimeout: "20 seconds"
      })
    )
  )

CacheContract.suite("CacheRedis on a cluster", layer(namespace), {
  time: "real",
  scale: false,
  layerWithNamespace: layer,
  setOtherType: (key) => Effect.promise(() => beside.rPush(`${namespace}:${key}`, "element"))
})
