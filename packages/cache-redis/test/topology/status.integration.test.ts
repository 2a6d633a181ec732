/** The state of the connection to one server, under faults that are caused for real. */
import { assert, describe, it } from "@effect/vitest"
import type { CacheError, CachePort } from "@hexcache/cache-port"
import { CacheRedis, RedisStatus } from "@hexcache/cache-redis"
import { freePort } from "@hexcache/redis-testkit"
import { Cause, Context, DateTime, Effect, Exit, Fiber, Layer, Scope, Stream } from "effect"
import { endsWithin, eventually } from "../support/bounds.ts"
import { faultyServer } from "../support/faultyServer.ts"
import { server } from "../support/servers.ts"
import { watched } from "../support/watched.ts"

/** Long, so that a busy machine is no fault of the cache's. */
const patient = { namespace: "test", commandTimeout: "20 seconds", connectTimeout: "20 seconds" } as const

describe.concurrent("the state of the connection", () => {
  it.live("is Up with a server, Connecting and then Down when that is killed, and Up when it is restarted", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      const before = DateTime.nowUnsafe()
      const { cached, current, tags, until } = yield* watched(CacheRedis.layer({ url: redis.url, ...patient }))
      assert.strictEqual((yield* current)._tag, "Connecting")
      yield* cached.ping
      const { nodes, ...up } = yield* current
      assert.strictEqual(up._tag, "Up")
      assert.isTrue(DateTime.isGreaterThanOrEqualTo(up.since, before))
      assert.deepStrictEqual(nodes, { [`127.0.0.1:${redis.port}`]: up })

      yield* Effect.promise(() => redis.kill())
      const down = yield* until("Down")
      assert.strictEqual(down.reason._tag, "Unavailable")
      const error = yield* Effect.flip(cached.ping)
      assert.strictEqual((yield* current)._tag, "Down")
      assert.strictEqual(error.reason._tag, "Unavailable")

      yield* Effect.promise(() => redis.restart())
      yield* until("Up")
      yield* cached.ping
      assert.deepStrictEqual(tags(), ["Connecting", "Up", "Connecting", "Down", "Up"])
    })
  )

  it.live("is Up again after a cut without ever being Down", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* faultyServer
      const { cached, tags, until } = yield* watched(CacheRedis.layer({ url, ...patient }))
      yield* cached.ping
      proxy.reset()
      yield* until("Connecting")
      yield* until("Up")
      assert.deepStrictEqual(tags(), ["Connecting", "Up", "Connecting", "Up"])
    })
  )

  it.live("is Down from the first attempt on with a wrong password, says why, and shows nothing of it", () =>
    Effect.gen(function* () {
      const redis = yield* server({ args: ["--requirepass", "right"] })
      const url = redis.url.replace("//", "//:canary-7f3a@")
      const { current, tags, until } = yield* watched(CacheRedis.layer({ url, ...patient }))
      const denied = yield* until("Down")
      assert.strictEqual(denied.reason._tag, "AccessDenied")
      assert.strictEqual(denied.serverCode, "WRONGPASS")
      assert.notInclude(JSON.stringify([denied, denied.reason.message, denied.reason.stack]), "canary")
      // The outage goes on for another reason, and began when it began.
      yield* Effect.promise(() => redis.kill())
      const gone = yield* until("Down", ({ reason }) => reason._tag === "Unavailable")
      assert.deepStrictEqual(gone.since, denied.since)
      assert.isUndefined(gone.serverCode)
      assert.strictEqual((yield* current)._tag, "Down")
      assert.deepStrictEqual(tags(), ["Connecting", "Down"])
    })
  )

  it.live("is Down when a server has been silent for a deadline, and Up when it goes on", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      const { cached, until } = yield* watched(
        CacheRedis.layer({ url: redis.url, ...patient, commandTimeout: "1 second" })
      )
      yield* until("Up")
      redis.freeze()
      yield* Effect.flip(cached.ping)
      const { reason } = yield* until("Down")
      assert.strictEqual(reason.message, "no connection is ready: the server fell silent")
      redis.thaw()
      yield* until("Up")
    })
  )

  it.live("is Down when the first handshake has taken longer than a command may wait", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* faultyServer
      proxy.mute()
      const { tags, until } = yield* watched(CacheRedis.layer({ url, ...patient, commandTimeout: "100 millis" }))
      const { reason } = yield* until("Down")
      assert.strictEqual(reason.message, "no connection is ready yet")
      yield* Effect.promise(() => proxy.heal())
      assert.deepStrictEqual(tags(), ["Connecting", "Down"])
    })
  )

  it.live("names a Unix socket by its path", () =>
    Effect.gen(function* () {
      const path = `/tmp/hexcache-status-${process.pid}.sock`
      yield* server({ args: ["--unixsocket", path] })
      const { until } = yield* watched(CacheRedis.layer({ path, ...patient }))
      assert.hasAllKeys((yield* until("Up")).nodes, [path])
    })
  )
})

/** The parts of a layer whose scope is closed by the test. */
const closable = (layer: Layer.Layer<CachePort | RedisStatus, CacheError>) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const status = Context.get(yield* Layer.buildWithScope(layer, scope), RedisStatus)
    return { status, close: Scope.close(scope, Exit.void) }
  })

describe.concurrent("a layer that is closed", () => {
  it.live("ends those who watch, interrupts those who wait to be ready, and is Down", () =>
    Effect.gen(function* () {
      const layer = CacheRedis.layer({ port: yield* Effect.promise(() => freePort()), host: "127.0.0.1", ...patient })
      const { close, status } = yield* closable(layer)
      const watching = yield* Effect.forkChild(Stream.runCollect(status.changes), { startImmediately: true })
      const waiting = yield* Effect.forkChild(status.ready, { startImmediately: true })
      yield* Effect.sleep(50)
      yield* close
      const seen = yield* endsWithin(60_000, Fiber.join(watching))
      assert.strictEqual(seen[0]?._tag, "Connecting")
      assert.isTrue(Exit.hasInterrupts(yield* endsWithin(60_000, Fiber.await(waiting))))
      const state = yield* status.current
      assert.isTrue(state._tag === "Down" && state.reason.message === "the cache is closed")
      assert.strictEqual((yield* endsWithin(60_000, Stream.runCollect(status.changes))).length, 1)
    })
  )
})

describe.concurrent("CacheRedis.ready", () => {
  it.live("succeeds at once with a connection, and as soon as there is one", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      yield* Effect.promise(() => redis.kill())
      const layer = CacheRedis.layer({ url: redis.url, ...patient })
      yield* Effect.provide(
        Effect.gen(function* () {
          const exit = yield* Effect.exit(Effect.timeout(CacheRedis.ready, "50 millis"))
          assert.isTrue(Exit.isFailure(exit) && Cause.hasFails(exit.cause))
          const waiting = yield* Effect.forkChild(CacheRedis.ready, { startImmediately: true })
          yield* Effect.promise(() => redis.restart())
          yield* endsWithin(60_000, Fiber.join(waiting))
          assert.strictEqual((yield* CacheRedis.status)._tag, "Up")
          yield* CacheRedis.ready
        }),
        layer
      )
    })
  )

  it.live("ends when its caller is interrupted, and serves the next one", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* faultyServer
      proxy.refuse()
      yield* Effect.provide(
        Effect.gen(function* () {
          const waiting = yield* Effect.forkChild(CacheRedis.ready, { startImmediately: true })
          yield* Fiber.interrupt(waiting)
          yield* Effect.promise(() => proxy.heal())
          yield* CacheRedis.ready
          yield* eventually(() => proxy.open === 1)
        }),
        CacheRedis.layer({ url, ...patient })
      )
    })
  )
})
