/** How a connection is made: by which name, with which credentials, and after which pauses. */
import { assert, describe, it } from "@effect/vitest"
import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { askRedis, freePort } from "@hexcache/redis-testkit"
import { createClient } from "@redis/client"
import { Config, ConfigProvider, Effect, Layer } from "effect"
import { eventually } from "../support/bounds.ts"
import { everyKind } from "../support/layers.ts"
import { server } from "../support/servers.ts"
import { assertSpeaks } from "../support/speaks.ts"

/** Every client of a server, once this layer has a connection. */
const clientsWith = <E>(url: string, layer: Layer.Layer<CachePort, E>) =>
  Effect.provide(
    Effect.andThen(
      Effect.flatMap(CachePort, ({ get }) => get("key")),
      Effect.promise(() => askRedis(url, ["CLIENT", "LIST"]))
    ),
    layer
  )

describe.concurrent("the name of a connection", () => {
  it.live("is shown by CLIENT LIST, on every kind of layer", () =>
    Effect.gen(function* () {
      for (const { layer, name, redis } of yield* everyKind()) {
        assert.include(yield* clientsWith(redis.url, layer({ connectionName: "shop-7" })), "name=shop-7 ", name)
        assert.notInclude(yield* clientsWith(redis.url, layer()), "name=shop-7 ", name)
      }
    })
  )

  it.live("comes from Config, or from a client of node-redis", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const config = CacheRedis.layerConfig({
        url: Config.Redacted("REDIS_URL"),
        namespace: Config.succeed("test"),
        commandTimeout: Config.succeed("20 seconds" as const),
        connectionName: Config.String("REDIS_NAME"),
        protocol: Config.succeed(2 as const),
        pingInterval: Config.Duration("REDIS_PING_INTERVAL"),
        backoff: { max: Config.Duration("REDIS_MAX_PAUSE") }
      })
      const provider = ConfigProvider.fromUnknown({
        REDIS_URL: url,
        REDIS_NAME: "by-config",
        REDIS_PING_INTERVAL: "20 seconds",
        REDIS_MAX_PAUSE: "1 second"
      })
      const configured = Layer.provide(config, ConfigProvider.layer(provider))
      assert.include(yield* clientsWith(url, configured), "name=by-config ")
      const client = createClient({ url, name: "by-client" })
      assert.include(
        yield* clientsWith(
          url,
          CacheRedis.layerFromClient(client, { namespace: "test", commandTimeout: "20 seconds" })
        ),
        "name=by-client "
      )
    })
  )

  it.live("is left out where the user may not set it", () =>
    Effect.gen(function* () {
      const { port, url } = yield* server()
      yield* Effect.promise(() => askRedis(url, ["ACL", "SETUSER", "shop", "on", "nopass", "~*", "+@all", "-client"]))
      const layer = CacheRedis.layer({
        url: `redis://shop@127.0.0.1:${port}`,
        namespace: "test",
        connectionName: "shop-7",
        commandTimeout: "20 seconds"
      })
      const clients = yield* clientsWith(url, layer)
      assert.include(clients, "user=shop")
      assert.notInclude(clients, "shop-7")
    })
  )
})

describe.concurrent("a stream of credentials", () => {
  it.live("of a client of node-redis logs in, logs in again with each that comes, and ends with the layer", () =>
    Effect.gen(function* () {
      const { port, url } = yield* server()
      for (const user of ["first", "second"]) {
        yield* Effect.promise(() => askRedis(url, ["ACL", "SETUSER", user, "on", `>${user}`, "~*", "+@all"]))
      }
      let disposed = 0
      let next: (credentials: { readonly username: string; readonly password: string }) => void = () => {}
      const client = createClient({
        socket: { host: "127.0.0.1", port },
        credentialsProvider: {
          type: "streaming-credentials-provider",
          onReAuthenticationError: () => {},
          subscribe: async ({ onNext }) => {
            next = onNext
            return [{ username: "first", password: "first" }, { dispose: () => disposed++ }]
          }
        }
      })
      const clients = Effect.promise(() => askRedis(url, ["CLIENT", "LIST"]))
      yield* Effect.provide(
        Effect.gen(function* () {
          const { ping } = yield* CachePort
          yield* ping
          assertSpeaks(3, "user=first", yield* clients)
          next({ username: "second", password: "second" })
          yield* ping
          assertSpeaks(3, "user=second", yield* clients)
        }),
        CacheRedis.layerFromClient(client, { namespace: "test", commandTimeout: "20 seconds" })
      )
      assert.strictEqual(disposed, 1)
    })
  )
})

describe.concurrent("the pauses between attempts to connect", () => {
  const attemptsOf = (backoff: CacheRedis.BackoffOptions, count: number) =>
    Effect.gen(function* () {
      const port = yield* Effect.promise(() => freePort())
      const begun: Array<number> = []
      const credentials = Effect.sync(() => {
        begun.push(performance.now())
        return { password: "none" }
      })
      const layer = CacheRedis.layer({ host: "127.0.0.1", port, namespace: "test", credentials, backoff })
      yield* Effect.provide(
        eventually(() => begun.length >= count),
        layer
      )
      return begun.slice(1).map((instant, index) => instant - (begun[index] as number))
    })

  it.live("are as long as they are set, at most a half of each left out", () =>
    Effect.gen(function* () {
      const pauses = yield* attemptsOf({ initial: "300 millis", max: "600 millis" }, 4)
      const [first = 0, ...others] = pauses
      assert.isAtLeast(first, 145)
      for (const pause of others) assert.isAtLeast(pause, 295)
    })
  )

  it.live("stay short where the longest one is", () =>
    Effect.gen(function* () {
      const pauses = yield* attemptsOf({ max: "30 millis" }, 21)
      // By default the last ten of them alone take 2.5 s or more.
      assert.isBelow(
        pauses.slice(-10).reduce((sum, pause) => sum + pause, 0),
        2_400
      )
    })
  )
})
