/** Layers that have a near cache, and servers and bounds with which there is none. */
import { assert, describe, it } from "@effect/vitest"
import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { askRedis } from "@hexcache/redis-testkit"
import { createClient } from "@redis/client"
import { Config, Context, Effect, Layer, Logger } from "effect"
import { untilSuccess } from "../support/bounds.ts"
import { commandStats } from "../support/commandStats.ts"
import { nearCache, text, warm } from "../support/nearCache.ts"
import { readyCache, server } from "../support/servers.ts"

describe.concurrent("a server that does not tell", () => {
  it.live("is asked every time, and one warning says so", () =>
    Effect.gen(function* () {
      const { port, url } = yield* server()
      yield* Effect.promise(() => askRedis(url, ["ACL", "SETUSER", "shop", "on", "nopass", "~*", "+@all", "-client"]))
      const lines: Array<string> = []
      const logger = Logger.make(({ message }) => {
        lines.push(`${message}`)
      })
      yield* Effect.gen(function* () {
        const cached = yield* readyCache({ url: `redis://shop:any@127.0.0.1:${port}`, nearCache })
        yield* cached.set("key", "value")
        yield* warm(cached, "key")
        yield* Effect.promise(() => askRedis(url, ["CLIENT", "KILL", "TYPE", "normal"]))
        yield* untilSuccess(cached.ping)
        yield* warm(cached, "key")
        yield* commandStats(url)
        for (let round = 0; round < 10; round++) assert.strictEqual(yield* text(cached, "key"), "value")
        assert.strictEqual((yield* commandStats(url))("get"), 10)
      }).pipe(Effect.scoped, Effect.provide(Logger.layer([logger])))
      assert.lengthOf(
        lines.filter((line) => line.includes("near cache")),
        1
      )
    })
  )
})

/** Long, since nothing is served when the server was not heard for as long. */
const commandTimeout = "20 seconds"

describe.concurrent("the layers of one server at a time", () => {
  it.live("have a near cache each", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      for (const layer of [
        CacheRedis.layerConfig({
          url: Config.succeed(url),
          namespace: Config.succeed("test"),
          commandTimeout: Config.succeed(commandTimeout),
          nearCache: { maxEntries: Config.succeed(10) }
        }),
        CacheRedis.layerFromClient(createClient({ url }), { namespace: "test", commandTimeout, nearCache })
      ]) {
        yield* Effect.gen(function* () {
          const cached = Context.get(yield* Layer.build(layer), CachePort)
          yield* untilSuccess(cached.ping)
          yield* warm(cached, "key")
          yield* commandStats(url)
          yield* cached.get("key")
          assert.strictEqual((yield* commandStats(url))("get"), 0)
        }).pipe(Effect.scoped)
      }
    })
  )
})

describe.concurrent("bounds that are none", () => {
  it.live("fail the layer", () =>
    Effect.gen(function* () {
      for (const bounds of [
        {},
        null,
        "1000",
        { maxEntries: 0 },
        { maxEntries: 1.5 },
        { maxEntries: "10" },
        { maxEntries: 10, maxBytes: 0 },
        { maxEntries: 10, ttl: 0 },
        { maxEntries: 10, ttl: -1 },
        { maxEntries: 10, ttl: "soon" }
      ]) {
        const options = { namespace: "test", nearCache: bounds as never }
        for (const layer of [
          CacheRedis.layer({ url: "redis://127.0.0.1:1", ...options }),
          CacheRedis.layerSentinel({ name: "main", sentinels: [{ host: "127.0.0.1", port: 1 }], ...options }),
          CacheRedis.layerFromClient(createClient(), options)
        ]) {
          const error = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
          assert.strictEqual(error.reason._tag, "InvalidArgument", JSON.stringify(bounds))
        }
      }
      const onCluster = CacheRedis.layerCluster({
        rootNodes: ["redis://127.0.0.1:1"],
        namespace: "test",
        nearCache: { maxEntries: 10 } as never
      })
      assert.strictEqual((yield* Effect.flip(Effect.scoped(Layer.build(onCluster)))).reason._tag, "InvalidArgument")
    })
  )
})
