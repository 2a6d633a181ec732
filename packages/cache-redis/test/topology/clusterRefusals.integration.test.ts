/** Servers that refuse to return the map of slots: what operations fail with, and what is logged. */
import { assert, describe, it } from "@effect/vitest"
import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { askRedis, freePort, makeCertificate, type RedisServer } from "@hexcache/redis-testkit"
import { Context, Effect, Layer } from "effect"
import { eventually, failsFor } from "../support/bounds.ts"
import { at, cluster } from "../support/clusters.ts"
import { logging } from "../support/logging.ts"
import { server } from "../support/servers.ts"

const cacheOn = ({ port }: Pick<RedisServer, "port">, options: Partial<CacheRedis.CacheRedisClusterOptions> = {}) =>
  Effect.map(
    Layer.build(
      CacheRedis.layerCluster({
        rootNodes: [{ host: "127.0.0.1", port }],
        namespace: "test",
        commandTimeout: "20 seconds",
        connectTimeout: "10 seconds",
        ...options
      })
    ),
    Context.get(CachePort)
  )

describe.concurrent("a server that returns no map of slots", () => {
  it.live("is no node of a cluster, as the failure and one line of the log say", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      const [error, lines] = yield* logging(
        Effect.scoped(
          Effect.gen(function* () {
            const cached = yield* cacheOn(redis)
            const error = yield* failsFor("Unavailable", cached.get("key"))
            for (let round = 0; round < 20; round++) yield* Effect.flip(cached.get("key"))
            return error
          })
        )
      )
      assert.strictEqual(error.reason.message, "the server is no node of a cluster (ERR)")
      assert.deepStrictEqual(lines, [
        "Warn cache-redis: a node of the cluster: does not return the map of slots: " +
          "the server is no node of a cluster (ERR) (Unavailable)"
      ])
    })
  )

  it.live("refuses the user already when it connects, which is logged once", () =>
    Effect.gen(function* () {
      const redis = yield* server({ args: ["--requirepass", "right"] })
      const [, lines] = yield* logging(
        Effect.scoped(
          Effect.flatMap(cacheOn(redis, { password: "wrong" }), (cached) =>
            Effect.andThen(failsFor("AccessDenied", cached.get("key")), Effect.sleep(200))
          )
        )
      )
      assert.deepStrictEqual(lines, [
        "Warn cache-redis: a node of the cluster: the server refuses this user and password (WRONGPASS) (AccessDenied); " +
          "connecting anew"
      ])
    })
  )

  it.live("has a certificate that is not trusted, as the failure says", () =>
    Effect.gen(function* () {
      const certificate = yield* Effect.acquireRelease(
        Effect.promise(() => makeCertificate()),
        ({ remove }) => Effect.sync(remove)
      )
      const port = yield* Effect.promise(() => freePort())
      yield* server({ args: certificate.serverArgs(port) })
      const cached = yield* cacheOn({ port }, { tls: true })
      assert.match((yield* failsFor("AccessDenied", cached.get("key"))).message, /TLS was refused/)
    })
  )

  it.live("denies a right, as one line of the log says also where the map was read before", () =>
    Effect.gen(function* () {
      const node = at((yield* cluster({ masters: 1, replicas: 0 })).masters, 0)
      const setUser = (...rules: ReadonlyArray<string>) =>
        Effect.promise(() => askRedis(node.url, ["ACL", "SETUSER", "shop", "on", "nopass", "~*", "+@all", ...rules]))
      yield* setUser()
      const [, lines] = yield* logging(
        Effect.scoped(
          Effect.gen(function* () {
            const cached = yield* cacheOn(node, { username: "shop", topologyRefreshInterval: 50 })
            yield* cached.set("key", "value")
            yield* setUser("-cluster")
            const refused = async () => {
              const stats = await askRedis(node.url, ["INFO", "commandstats"])
              return Number(/cmdstat_cluster.*rejected_calls=([1-9]\d*)/.exec(stats)?.[1] ?? 0)
            }
            yield* eventually(async () => (await refused()) >= 2)
            yield* cached.set("key", "value")
          })
        )
      )
      assert.strictEqual(lines.length, 1)
      // Redis 6.2 names no subcommand.
      assert.match(
        lines[0] as string,
        /does not return the map of slots: the user may not run CLUSTER( SLOTS)? \(NOPERM\)/
      )
    })
  )
})
