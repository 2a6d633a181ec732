/** A server that refuses a connection: for whom it is, for want of a place, or for its database. */
import { createServer, type Socket } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { askRedis, freePort } from "@hexcache/redis-testkit"
import { createClient } from "@redis/client"
import { Effect, Exit } from "effect"
import { eventually, everyOperation, failsFor, succeedsWithin, untilSuccess } from "../support/bounds.ts"
import { faultyServer } from "../support/faultyServer.ts"
import { logging } from "../support/logging.ts"
import { cache, readyCache, server } from "../support/servers.ts"

describe.concurrent("a server that refuses", () => {
  /**
   * A server in protected mode refuses only who comes from another address than loopback, where no test can be sure to
   * have one: this one says what Redis says there, in its words, and closes.
   */
  const deniedReply = "-DENIED Redis is running in protected mode because protected mode is enabled\r\n"

  it.live("-DENIED at connect: logged, retried, AccessDenied", () =>
    Effect.gen(function* () {
      const port = yield* Effect.promise(() => freePort())
      let connections = 0
      const denying = createServer((socket: Socket) => {
        connections++
        socket.on("error", () => {})
        socket.end(deniedReply)
      })
      yield* Effect.acquireRelease(
        Effect.sync(() => denying.listen(port, "127.0.0.1")),
        () => Effect.sync(() => denying.close())
      )
      const [, log] = yield* logging(
        Effect.scoped(
          Effect.gen(function* () {
            const cached = yield* cache({ url: `redis://127.0.0.1:${port}` })
            const error = yield* failsFor("AccessDenied", cached.get("key"))
            assert.strictEqual(error.serverCode, "DENIED")
            yield* eventually(() => connections >= 2)
          })
        )
      )
      assert.isTrue(log.some((line) => line.startsWith("Warn") && line.includes("DENIED")))
    })
  )

  it.live("max clients: OutOfMemory, retried, back within a second of a free place", () =>
    Effect.gen(function* () {
      const { url } = yield* server({ args: ["--maxclients", "1"] })
      const other = createClient({ url })
      other.on("error", () => {})
      yield* Effect.promise(() => other.connect())
      const cached = yield* cache({ url })
      yield* failsFor("OutOfMemory", cached.get("key"))
      // The pauses between attempts to connect have become as long as they get.
      yield* Effect.sleep(700)
      assert.strictEqual((yield* Effect.flip(cached.get("key"))).reason._tag, "OutOfMemory")
      other.destroy()
      yield* succeedsWithin(1_000, cached.get("key"))
    })
  )

  it.live("WRONGPASS, NOAUTH: AccessDenied, and back once the server takes us", () =>
    Effect.gen(function* () {
      const redis = yield* server({ args: ["--requirepass", "right"] })
      const wrong = yield* cache({ url: redis.url.replace("//", "//:wrong@") })
      const none = yield* cache({ url: redis.url })
      for (const [cached, code] of [
        [wrong, "WRONGPASS"],
        [none, "NOAUTH"]
      ] as const) {
        const error = yield* failsFor("AccessDenied", cached.set("key", "value"))
        assert.strictEqual(error.serverCode, code)
      }
      const right = redis.url.replace("//", "//:right@")
      yield* Effect.promise(() => askRedis(right, ["CONFIG", "SET", "requirepass", "wrong"]))
      yield* succeedsWithin(1_000, wrong.ping)
    })
  )

  it.live("invalid database number: nothing is sent before the handshake succeeded", () =>
    Effect.gen(function* () {
      const { url } = yield* server({ args: ["--databases", "2"] })
      yield* Effect.promise(() => askRedis(url, ["SET", "bystander", "value"]))
      const cached = yield* cache({ url: `${url}/7`, namespace: "" })
      for (let round = 0; round < 50; round++) {
        for (const operation of everyOperation(cached)) assert.isTrue(Exit.isFailure(yield* Effect.exit(operation)))
        yield* Effect.sleep(10)
      }
      yield* failsFor("AccessDenied", cached.flush)
      const stats = yield* Effect.promise(() => askRedis(url, ["INFO", "commandstats"]))
      assert.notMatch(stats, /cmdstat_(?!set:|info:|hello:|client|select|auth|config|ping|command)/)
      assert.match(stats, /cmdstat_set:calls=1,/)
      assert.strictEqual(yield* Effect.promise(() => askRedis(url, ["GET", "bystander"])), "value")
    })
  )

  it.live("no error listener: an error has one always, and is a warning in the log", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* faultyServer
      const [, log] = yield* logging(
        Effect.scoped(
          Effect.gen(function* () {
            const cached = yield* readyCache({ url })
            proxy.reset()
            yield* eventually(() => proxy.accepted > 1)
            yield* untilSuccess(cached.ping)
          })
        )
      )
      assert.isAtLeast(log.length, 2)
      for (const line of log) assert.match(line, /^Warn cache-redis: /)
    })
  )
})
