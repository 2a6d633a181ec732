/** Options that there are not: a composition root that misspells one fails before any I/O. */
import { assert, describe, it } from "@effect/vitest"
import { CacheRedis } from "@hexcache/cache-redis"
import { createClient } from "@redis/client"
import { Effect, Layer } from "effect"
import { addressMap } from "../src/Addresses.ts"

const url = "redis://127.0.0.1:1"
const namespace = "shop"
const nearCache = { maxEntries: 10 }

const refused: ReadonlyArray<readonly [name: string, layer: ReturnType<typeof CacheRedis.layer>]> = [
  ["comandTimeout of layer", CacheRedis.layer({ url, namespace, comandTimeout: 5 } as never)],
  [
    "maxEntires of nearCache",
    CacheRedis.layer({ url, namespace, nearCache: { ...nearCache, maxEntires: 5 } } as never)
  ],
  ["inital of backoff", CacheRedis.layer({ url, namespace, backoff: { inital: 5 } } as never)],
  ["url of layerCluster", CacheRedis.layerCluster({ rootNodes: [url], namespace, url } as never)],
  [
    "a topologyRefreshInterval of zero",
    CacheRedis.layerCluster({ rootNodes: [url], namespace, topologyRefreshInterval: 0 })
  ],
  ["a nodeAddressMap of text", CacheRedis.layerCluster({ rootNodes: [url], namespace, nodeAddressMap: "a" as never })],
  [
    "a nodeAddressMap with a port out of range",
    CacheRedis.layerSentinel({
      name: "a",
      sentinels: [url],
      namespace,
      nodeAddressMap: { "a:1": { host: "b", port: 65_536 } }
    })
  ],
  [
    "rootNodes of layerSentinel",
    CacheRedis.layerSentinel({ name: "a", sentinels: [url], namespace, rootNodes: [] } as never)
  ],
  ["password of layerFromClient", CacheRedis.layerFromClient(createClient(), { namespace, password: "x" } as never)]
]

describe("options of the Redis adapter", () => {
  for (const [name, layer] of refused) {
    it.effect(`${name} fails the layer with InvalidArgument`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
        assert.strictEqual(error.operation, "layer")
        assert.strictEqual(error.reason._tag, "InvalidArgument")
      })
    )
  }

  it.effect("all that there are build the layer, also those that are left undefined", () =>
    Effect.scoped(
      Layer.build(
        CacheRedis.layer({
          host: "127.0.0.1",
          port: 1,
          url: undefined,
          path: undefined,
          database: 0,
          namespace,
          maxValueBytes: 5,
          commandTimeout: 50,
          connectTimeout: 50,
          maxPending: 5,
          username: "a",
          password: "b",
          credentials: undefined,
          tls: false,
          backoff: { initial: 5, max: 10 },
          nearCache: { maxEntries: 5, maxBytes: 5, ttl: 5 },
          other: undefined
        } as never)
      )
    )
  )
})

describe("addressMap", () => {
  const announced = { host: "10.0.0.1", port: 7_000 }
  const reached = { host: "redis.example.com", port: 1 }

  it("leads from an announced address to the one that is mapped, by an object or a function", () => {
    assert.deepStrictEqual(addressMap({ "10.0.0.1:7000": reached })(announced), reached)
    assert.deepStrictEqual(
      addressMap((address) => (address === "10.0.0.1:7000" ? reached : undefined))(announced),
      reached
    )
  })

  it("leaves an address as it is that is not mapped, or by a function that throws or returns none", () => {
    const fails = (): never => {
      throw new Error("no address")
    }
    for (const map of [undefined, { "10.0.0.1:7001": reached }, () => undefined, fails, () => 5 as never]) {
      assert.deepStrictEqual(addressMap(map)(announced), announced)
    }
  })
})
