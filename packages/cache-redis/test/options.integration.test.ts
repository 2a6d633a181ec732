/** The options of a connection: by URL or by parts, by TLS, with a password that changes, in another database. */
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { type CacheError, CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { askRedis, freePort, makeCertificate, RedisCluster } from "@hexcache/redis-testkit"
import { createClient } from "@redis/client"
import { Effect, type Layer, Option, Redacted, Schedule } from "effect"
import { endsWithin, failsFor, untilSuccess } from "./support/bounds.ts"
import { server } from "./support/servers.ts"
import { shown } from "./support/shown.ts"

const canary = "canary-7f3a"

/** Long, so that a busy machine is no fault of the cache's. */
const commandTimeout = "20 seconds"

const layerOf = (options: CacheRedis.CacheRedisOptions) =>
  CacheRedis.layer({ commandTimeout, connectTimeout: "10 seconds", ...options })

/** Writes and reads by this layer, once its connection is there. */
const works = (layer: Layer.Layer<CachePort, CacheError>) =>
  Effect.scoped(
    Effect.provide(
      Effect.gen(function* () {
        const cache = yield* CachePort
        yield* Effect.retry(cache.set("key", "value"), {
          times: 1_500,
          schedule: Schedule.spaced(20),
          while: ({ reason }) => reason._tag === "Unavailable"
        })
        return Option.getOrUndefined(yield* cache.get("key")) === "value"
      }),
      layer
    )
  )

/** The reason for which an operation of this layer fails, once it is the one that is expected. */
const refusal = (
  layer: Layer.Layer<CachePort, CacheError>,
  expected: (reason: CacheError["reason"]) => boolean = ({ _tag }) => _tag === "AccessDenied"
) =>
  Effect.flatMap(CachePort, (cache) => Effect.flip(cache.set("key", "value"))).pipe(
    Effect.repeat({ until: ({ reason }) => expected(reason), schedule: Schedule.spaced(20) }),
    Effect.provide(layer),
    Effect.scoped,
    (failing) => endsWithin(60_000, failing),
    Effect.map((error) => {
      assert.notInclude(shown(error), canary)
      return error.reason._tag
    })
  )

/** True once the first attempt to connect is over. */
const isKnown = ({ message }: CacheError["reason"]) =>
  !message.includes("ready yet") && !message.includes("has answered yet")

const tlsServer = Effect.gen(function* () {
  const certificate = yield* Effect.acquireRelease(
    Effect.promise(() => makeCertificate()),
    ({ remove }) => Effect.sync(remove)
  )
  const tlsPort = yield* Effect.promise(() => freePort())
  const redis = yield* server({ args: certificate.serverArgs(tlsPort) })
  return { certificate, redis, tlsPort }
})

describe.concurrent("options", () => {
  it.live("a server by host and port, or by the path of its socket", () =>
    Effect.gen(function* () {
      const path = join(tmpdir(), `hexcache-${process.pid}.sock`)
      const { port, url } = yield* server({ args: ["--unixsocket", path] })
      assert.isTrue(yield* works(layerOf({ host: "127.0.0.1", port, namespace: "test" })))
      assert.isTrue(yield* works(layerOf({ path, namespace: "test" })))
      assert.isTrue(yield* works(layerOf({ url: `unix://${path}`, namespace: "test" })))
      assert.isTrue(yield* works(layerOf({ url: url.replace("redis:", "valkey:"), namespace: "test" })))
    })
  )

  it.live("an ACL user by parts or by URL, and its refusal", () =>
    Effect.gen(function* () {
      const { port, url } = yield* server()
      yield* Effect.promise(() => askRedis(url, ["ACL", "SETUSER", "shop", "on", `>${canary}`, "~*", "+@all"]))
      yield* Effect.promise(() => askRedis(url, ["ACL", "SETUSER", "default", "off"]))
      const shop = { host: "127.0.0.1", port, username: "shop", namespace: "test" }
      assert.isTrue(yield* works(layerOf({ ...shop, password: canary })))
      assert.isTrue(yield* works(layerOf({ ...shop, password: Redacted.make(canary) })))
      assert.isTrue(yield* works(layerOf({ url: `redis://shop:${canary}@127.0.0.1:${port}`, namespace: "test" })))
      assert.strictEqual(yield* refusal(layerOf({ ...shop, password: `${canary}-not` })), "AccessDenied")
      assert.strictEqual(yield* refusal(layerOf({ ...shop, username: "who", password: canary })), "AccessDenied")
      assert.strictEqual(yield* refusal(layerOf({ host: "127.0.0.1", port, namespace: "test" })), "AccessDenied")
    })
  )

  it.live("a user without a password is logged in, and one that does not exist is refused", () =>
    Effect.gen(function* () {
      const { port, url } = yield* server()
      yield* Effect.promise(() => askRedis(url, ["ACL", "SETUSER", "reader", "on", "nopass", "~*", "+@all"]))
      yield* Effect.promise(() => askRedis(url, ["ACL", "SETUSER", "guarded", "on", `>${canary}`, "~*", "+@all"]))
      const whoIs = (layer: Layer.Layer<CachePort, CacheError>) =>
        Effect.provide(
          Effect.andThen(
            CachePort.use(({ ping }) => ping),
            Effect.promise(() => askRedis(url, ["CLIENT", "LIST"]))
          ),
          layer
        )
      const readers = [
        layerOf({ url: `redis://reader@127.0.0.1:${port}`, namespace: "test" }),
        layerOf({ host: "127.0.0.1", port, username: "reader", namespace: "test" }),
        CacheRedis.layerFromClient(createClient({ url: `redis://reader@127.0.0.1:${port}` }), {
          namespace: "test",
          commandTimeout
        })
      ]
      for (const layer of readers) assert.include(yield* whoIs(layer), "user=reader")
      for (const user of ["nobody", "guarded"]) {
        const layer = layerOf({ url: `redis://${user}@127.0.0.1:${port}`, namespace: "test" })
        assert.strictEqual(yield* refusal(layer), "AccessDenied")
      }
    })
  )

  it.live("credentials that fail, throw or have no password become the reason, without what they hold", () =>
    Effect.gen(function* () {
      const { port } = yield* server()
      const broken: ReadonlyArray<CacheRedis.CacheRedisOptions["credentials"]> = [
        Effect.fail(canary),
        Effect.die(new Error(canary)),
        Effect.succeed({ password: "" }),
        Effect.succeed(undefined as unknown as CacheRedis.Credentials)
      ]
      for (const credentials of broken) {
        const layer = layerOf({ host: "127.0.0.1", port, namespace: "test", credentials })
        const error = yield* Effect.flip(
          Effect.provide(
            CachePort.use(({ get }) => get("key")),
            layer
          )
        )
        assert.strictEqual(error.reason._tag, "Unavailable")
        assert.include(error.message, "the credentials cannot be obtained")
        assert.notInclude(error.message, canary)
      }
    })
  )

  it.live("a password that changes is asked for anew at the next connection", () =>
    Effect.gen(function* () {
      const { port, url } = yield* server({ args: ["--requirepass", "first"] })
      let password = "first"
      const withPassword = (secret: string) => url.replace("//", `//:${secret}@`)
      const layer = layerOf({
        host: "127.0.0.1",
        port,
        namespace: "test",
        credentials: Effect.sync(() => ({ password: Redacted.make(password) }))
      })
      yield* Effect.provide(
        Effect.gen(function* () {
          const cache = yield* CachePort
          yield* untilSuccess(cache.set("key", "value"))
          yield* Effect.promise(() => askRedis(withPassword("first"), ["CONFIG", "SET", "requirepass", "second"]))
          yield* Effect.promise(() => askRedis(withPassword("second"), ["CLIENT", "KILL", "TYPE", "normal"]))
          yield* failsFor("AccessDenied", cache.get("key"))
          password = "second"
          assert.strictEqual(Option.getOrUndefined(yield* untilSuccess(cache.get("key"))), "value")
        }),
        layer
      )
    })
  )

  it.live("credentials that hang are interrupted with their attempt, and with the layer", () =>
    Effect.gen(function* () {
      const { port } = yield* server()
      let begun = 0
      let interrupted = 0
      const credentials = Effect.onInterrupt(
        Effect.suspend(() => {
          begun++
          return Effect.never
        }),
        () =>
          Effect.sync(() => {
            interrupted++
          })
      )
      const layer = layerOf({ host: "127.0.0.1", port, namespace: "test", credentials, connectTimeout: 100 })
      yield* Effect.provide(
        Effect.gen(function* () {
          const cache = yield* CachePort
          while (begun < 4) yield* Effect.delay(Effect.ignore(cache.get("key")), 10)
          assert.isAtLeast(interrupted, begun - 1)
        }),
        layer
      )
      assert.strictEqual(interrupted, begun)
    })
  )

  it.live("the number of the database", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      assert.isTrue(yield* works(layerOf({ url, database: 3, namespace: "test" })))
      assert.isTrue(yield* works(layerOf({ url: `${url}/1`, database: 4, namespace: "test" })))
      assert.strictEqual(yield* Effect.promise(() => askRedis(url, ["EXISTS", "test:key"])), "0")
      const keyspace = yield* Effect.promise(() => askRedis(url, ["INFO", "keyspace"]))
      assert.match(keyspace, /db3:keys=1.*db4:keys=1/s)
    })
  )

  it.live("TLS: by URL or by parts, with the authority that signed the certificate", () =>
    Effect.gen(function* () {
      const { certificate, tlsPort } = yield* tlsServer
      const tls = { ca: certificate.cert }
      const url = `rediss://127.0.0.1:${tlsPort}`
      assert.isTrue(yield* works(layerOf({ url, tls, namespace: "test" })))
      assert.isTrue(yield* works(layerOf({ url: url.replace("rediss:", "valkeys:"), tls, namespace: "test" })))
      assert.isTrue(yield* works(layerOf({ host: "localhost", port: tlsPort, tls, namespace: "test" })))
      assert.isTrue(yield* works(layerOf({ url, tls: { rejectUnauthorized: false }, namespace: "test" })))
    })
  )

  it.live("TLS: a certificate that is not trusted, or is another host's, is AccessDenied", () =>
    Effect.gen(function* () {
      const { certificate, tlsPort } = yield* tlsServer
      const url = `rediss://:${canary}@127.0.0.1:${tlsPort}`
      assert.strictEqual(yield* refusal(layerOf({ url, namespace: "test" })), "AccessDenied")
      assert.strictEqual(yield* refusal(layerOf({ url, tls: true, namespace: "test" })), "AccessDenied")
      const other = { ca: certificate.cert, servername: "elsewhere.example" }
      assert.strictEqual(yield* refusal(layerOf({ url, tls: other, namespace: "test" })), "AccessDenied")
    })
  )

  it.live("TLS to a server that speaks plainly, and plainly to one that speaks TLS, fails", () =>
    Effect.gen(function* () {
      const { redis, tlsPort } = yield* tlsServer
      const connectTimeout = 1_000
      const plain = layerOf({ url: `rediss://127.0.0.1:${redis.port}`, namespace: "test", connectTimeout })
      assert.include(["AccessDenied", "Unavailable"], yield* refusal(plain, isKnown))
      const encrypted = layerOf({ url: `redis://127.0.0.1:${tlsPort}`, namespace: "test", connectTimeout })
      assert.include(["AccessDenied", "Unavailable"], yield* refusal(encrypted, isKnown))
    })
  )

  it.live("layerFromClient connects as a node-redis client does", () =>
    Effect.gen(function* () {
      const { url } = yield* server({ args: ["--requirepass", canary] })
      const client = createClient({ url: `${url.replace("//", `//:${canary}@`)}/2` })
      assert.isTrue(yield* works(CacheRedis.layerFromClient(client, { namespace: "test", commandTimeout })))
      const keyspace = yield* Effect.promise(() => askRedis(url.replace("//", `//:${canary}@`), ["INFO", "keyspace"]))
      assert.match(keyspace, /db2:keys=1/)
      assert.isFalse(client.isOpen)
    })
  )

  it.live("a cluster with a password", () =>
    Effect.gen(function* () {
      const cluster = yield* Effect.acquireRelease(
        Effect.promise(() => RedisCluster.start({ replicas: 0 })),
        (cluster) => Effect.promise(() => cluster.stop())
      )
      for (const { url } of cluster.masters) {
        yield* Effect.promise(() => askRedis(url, ["CONFIG", "SET", "requirepass", canary]))
      }
      const rootNodes = cluster.masters.map(({ port }) => ({ host: "127.0.0.1", port }))
      assert.isTrue(
        yield* works(CacheRedis.layerCluster({ rootNodes, password: canary, namespace: "test", commandTimeout }))
      )
      const [first = ""] = cluster.masters.map(({ url }) => url.replace("//", `//:${canary}@`))
      assert.isTrue(yield* works(CacheRedis.layerCluster({ rootNodes: [first], namespace: "test", commandTimeout })))
    })
  )
})
