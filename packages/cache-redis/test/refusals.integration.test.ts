/** Refusals of a server, caused for real: the reason of each, and that nothing of it leaks. */

import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { CacheError, CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { askRedis } from "@hexcache/redis-testkit"
import { createClient } from "@redis/client"
import { Cause, Config, ConfigProvider, Effect, Fiber, Layer, Logger, Redacted, Schedule } from "effect"
import { eventually, failsFor, succeedsWithin, untilSuccess } from "./support/bounds.ts"
import { cache, onceConnected, readyCache, server } from "./support/servers.ts"
import { shown } from "./support/shown.ts"

const canary = "canary-7f3a"

/** Collects what is logged meanwhile. */
const logging = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const lines: Array<string> = []
    const logger = Logger.make(({ cause, message }) => {
      lines.push(inspect(message, { depth: 9, showHidden: true }), Cause.pretty(cause))
    })
    return Effect.map(Effect.provide(effect, Logger.layer([logger])), (answer) => [answer, lines.join("\n")] as const)
  })

/** Asks again while the first connection is not there yet, which on a busy machine may last longer than the layer waits. */
const once = <A>(asked: Effect.Effect<A, CacheError>) =>
  Effect.retry(asked, {
    times: 1_500,
    schedule: Schedule.spaced(20),
    while: ({ reason }) => reason.message === "no connection is ready yet"
  })

/** Fails with this reason, and shows nothing of the canary, in error or log. */
const refuses = (
  reason: string,
  serverCode: string | undefined,
  options: Parameters<typeof cache>[0],
  ask: (cache: CachePort["Service"]) => Effect.Effect<unknown, CacheError> = (cache) => cache.set("key", canary)
) =>
  Effect.gen(function* () {
    const [error, log] = yield* logging(
      Effect.scoped(
        Effect.flatMap(cache({ connectTimeout: "20 seconds", ...options }), (cache) => Effect.flip(once(ask(cache))))
      )
    )
    assert.instanceOf(error, CacheError)
    assert.strictEqual(error.reason._tag, reason)
    assert.strictEqual(error.serverCode, serverCode)
    assert.strictEqual(error.outcome, "NotExecuted")
    assert.notInclude(shown(error), canary)
    assert.notInclude(log, canary)
    return log
  })

const withPassword = (url: string, user: string, password: string) => url.replace("//", `//${user}:${password}@`)

describe.concurrent("what a server refuses", () => {
  it.live("NOAUTH: a server with a password is AccessDenied to a caller without", () =>
    Effect.gen(function* () {
      const { url } = yield* server({ args: ["--requirepass", canary] })
      const log = yield* refuses("AccessDenied", "NOAUTH", { url })
      assert.include(log, "NOAUTH")
      yield* Effect.scoped(Effect.flatMap(readyCache({ url: withPassword(url, "", canary) }), (cache) => cache.ping))
    })
  )

  it.live("WRONGPASS is AccessDenied, and logged without the password", () =>
    Effect.gen(function* () {
      const { url } = yield* server({ args: ["--requirepass", "right"] })
      const log = yield* refuses("AccessDenied", "WRONGPASS", { url: withPassword(url, "", canary) })
      assert.include(log, "WRONGPASS")
      yield* refuses("AccessDenied", "WRONGPASS", { url: Redacted.make(withPassword(url, "nobody", canary)) })
    })
  )

  it.live("NOPERM is AccessDenied, for a command and for a key", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      yield* Effect.promise(() =>
        askRedis(url, ["ACL", "SETUSER", "reader", "on", `>${canary}`, "~test:*", "+get", "+client"])
      )
      const reader = { url: withPassword(url, "reader", canary) }
      yield* refuses("AccessDenied", "NOPERM", reader)
      yield* refuses("AccessDenied", "NOPERM", { ...reader, namespace: "other" }, (cache) =>
        cache.get(canary.slice(0, 3))
      )
      yield* Effect.promise(() =>
        askRedis(url, ["ACL", "SETUSER", "writer", "on", `>${canary}`, "~*", "+@all", "-@write"])
      )
      const writer = { url: withPassword(url, "writer", canary) }
      yield* refuses("AccessDenied", "ERR", writer, (cache) => cache.increment("key"))
      yield* refuses("AccessDenied", "ERR", writer, (cache) => cache.setMany([["key", canary]], { ttl: "1 minute" }))
      yield* Effect.scoped(Effect.flatMap(cache(reader), (cache) => untilSuccess(cache.get("key"))))
    })
  )

  it.live("OOM is OutOfMemory, also in a script", () =>
    Effect.gen(function* () {
      const { url } = yield* server({ args: ["--maxmemory", "1", "--maxmemory-policy", "noeviction"] })
      yield* refuses("OutOfMemory", "OOM", { url })
      yield* refuses("OutOfMemory", "OOM", { url }, (cache) => cache.increment("count"))
      yield* refuses("OutOfMemory", "OOM", { url }, (cache) => cache.setMany([["key", canary]]))
    })
  )

  it.live("READONLY is Unavailable", () =>
    Effect.gen(function* () {
      const { port } = yield* server()
      const { url } = yield* server({ args: ["--replicaof", "127.0.0.1", String(port)] })
      yield* refuses("Unavailable", "READONLY", { url })
      yield* refuses("Unavailable", "READONLY", { url }, (cache) => cache.setMany([["key", canary]]))
    })
  )

  it.live("BUSY with a script is Unavailable", () =>
    Effect.gen(function* () {
      const { url } = yield* server({ args: ["--lua-time-limit", "1"] })
      const endless = createClient({ url, commandOptions: { timeout: 0 } })
      endless.on("error", () => {})
      yield* Effect.acquireRelease(
        Effect.promise(() => endless.connect()),
        () => Effect.sync(() => endless.destroy())
      )
      const running = endless.sendCommand(["EVAL", "while true do end", "0"]).catch(() => "killed")
      yield* eventually(() =>
        askRedis(url, ["PING"]).then(
          () => false,
          (error) => `${error}`.includes("BUSY")
        )
      )
      yield* refuses("Unavailable", "BUSY", { url })
      yield* Effect.promise(() => askRedis(url, ["SCRIPT", "KILL"]))
      assert.strictEqual(yield* Effect.promise(() => running), "killed")
    })
  )

  it.live("an unknown command, whose reply echoes its arguments, is Unknown", () =>
    Effect.gen(function* () {
      const { url } = yield* server({ args: ["--rename-command", "SET", "", "--rename-command", "EVALSHA", ""] })
      yield* refuses("Unknown", "ERR", { url })
      yield* refuses("Unknown", "ERR", { url }, (cache) => cache.compareAndDelete("key", canary))
    })
  )

  it.live("a place among the clients that is not free is OutOfMemory, until one is", () =>
    Effect.gen(function* () {
      const { url } = yield* server({ args: ["--maxclients", "1"] })
      const other = createClient({ url })
      other.on("error", () => {})
      yield* Effect.promise(() => other.connect())
      const cached = yield* cache({ url })
      const error = yield* Effect.flip(once(cached.get("key")))
      assert.strictEqual(error.reason._tag, "OutOfMemory")
      other.destroy()
      yield* succeedsWithin(1_000, cached.set("key", "value"))
    })
  )

  it.live("a database that the server does not have: nothing is sent, not even to database 0", () =>
    Effect.gen(function* () {
      const { url } = yield* server({ args: ["--databases", "2"] })
      yield* Effect.promise(() => askRedis(url, ["SET", "bystander", "value"]))
      yield* refuses("AccessDenied", "ERR", { url: `${url}/7`, namespace: "" }, (cache) => cache.flush)
      yield* refuses("AccessDenied", "ERR", { url: `${url}/7`, namespace: "" })
      yield* Effect.sleep(100)
      assert.strictEqual(yield* Effect.promise(() => askRedis(url, ["DBSIZE"])), "1")
      yield* Effect.scoped(Effect.flatMap(readyCache({ url: `${url}/1` }), (cache) => cache.set("key", "value")))
      assert.strictEqual(yield* Effect.promise(() => askRedis(url, ["DBSIZE"])), "1")
    })
  )
})

describe.concurrent("what fails on its way", () => {
  /** Every operation that carries a value, asked with the canary. */
  const carrying = (cached: CachePort["Service"]): ReadonlyArray<Effect.Effect<unknown, CacheError>> => [
    cached.set("key", canary),
    cached.setJson("key", { canary }),
    cached.setIfAbsent("key", canary),
    cached.setMany([["key", canary]]),
    cached.compareAndDelete("key", canary)
  ]

  const failures = (cached: CachePort["Service"]) =>
    Effect.all(carrying(cached).map(Effect.flip), { concurrency: "unbounded" })

  it.live("TimedOut, Unavailable and ConnectionLost show nothing of a value or a password", () =>
    Effect.gen(function* () {
      const redis = yield* server({ args: ["--requirepass", canary] })
      const url = withPassword(redis.url, "", canary)
      const [errors, log] = yield* logging(
        Effect.scoped(
          Effect.gen(function* () {
            const cached = yield* readyCache({ url, commandTimeout: 1_000 })
            redis.freeze()
            const timedOut = yield* failures(cached)
            yield* failsFor("Unavailable", cached.get("key"))
            const unavailable = yield* failures(cached)
            redis.thaw()
            yield* untilSuccess(cached.ping)
            redis.freeze()
            const inFlight = yield* Effect.forkChild(failures(cached))
            yield* Effect.sleep(20)
            yield* Effect.promise(() => redis.kill())
            return [...timedOut, ...unavailable, ...(yield* Fiber.join(inFlight))]
          })
        )
      )
      assert.deepStrictEqual(
        new Set(errors.map(({ reason }) => reason._tag)),
        new Set(["TimedOut", "Unavailable", "ConnectionLost"])
      )
      for (const error of errors) assert.notInclude(shown(error), canary)
      assert.isNotEmpty(log)
      assert.notInclude(log, canary)
    })
  )

  it.live("WrongType, OutOfRange and InvalidValue show nothing of the stored value", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cached = yield* readyCache({ url })
      yield* cached.setMany([
        ["text", canary],
        ["number", "9223372036854775807"]
      ])
      for (const [reason, asked] of [
        ["WrongType", cached.increment("text")],
        ["WrongType", cached.decrement("text")],
        ["OutOfRange", cached.increment("number")],
        ["InvalidValue", cached.getJson("text")]
      ] as const) {
        const error = yield* Effect.flip<unknown, CacheError, never>(asked)
        assert.strictEqual(error.reason._tag, reason)
        assert.notInclude(shown(error), canary)
        assert.notInclude(shown(error), "9223372036854775807")
      }
    })
  )
})

describe.concurrent("what the layer refuses", () => {
  it.live("options out of range fail with InvalidArgument before any I/O, and show nothing of the URL", () =>
    Effect.gen(function* () {
      const url = "redis://127.0.0.1:1"
      const wrong: ReadonlyArray<unknown> = [
        { url: `http://:${canary}@host` },
        { url: `redis://:${canary}@host:99999` },
        { url: Redacted.make(canary) },
        { url: undefined },
        { url, namespace: 5 },
        { url, namespace: undefined },
        { url, namespace: "\ud800" },
        { url, commandTimeout: 0 },
        { url, commandTimeout: "2 hours" },
        { url, commandTimeout: Number.NaN },
        { url, commandTimeout: canary },
        { url, connectTimeout: -1 },
        { url, maxPending: 0 },
        { url, maxPending: 0.5 },
        { url, maxValueBytes: "1" },
        { url, family: 5 },
        { url, family: canary },
        { url, lookup: canary },
        { url, protocol: 1 },
        { url, protocol: canary },
        { url, connectionName: "" },
        { url, connectionName: `${canary} two` },
        { url, connectionName: `${canary}\n` },
        { url, connectionName: `${canary}é` },
        { url, connectionName: 5 },
        { url, pingInterval: 0 },
        { url, pingInterval: "2 hours" },
        { url, pingInterval: canary },
        { url, pingInterval: -1 },
        { url, pingInterval: Number.NEGATIVE_INFINITY },
        { url, backoff: canary },
        { url, backoff: null },
        { url, backoff: { initial: 0 } },
        { url, backoff: { max: canary } },
        { url, backoff: { initial: "2 seconds", max: "1 second" } }
      ]
      for (const options of wrong) {
        const [error, log] = yield* logging(
          Effect.flip(
            Effect.scoped(Layer.build(CacheRedis.layer({ namespace: "test", ...(options as { url: string }) })))
          )
        )
        assert.strictEqual(error.reason._tag, "InvalidArgument", inspect(options))
        assert.strictEqual(error.operation, "layer")
        assert.notInclude(shown(error), canary)
        assert.strictEqual(log, "")
      }
    })
  )

  it.live("layerConfig reads Effect's Config, the URL as a secret", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const layer = CacheRedis.layerConfig({ url: Config.Redacted("REDIS_URL"), namespace: Config.String("NAMESPACE") })
      const given = (values: Record<string, string>) =>
        Effect.provide(
          Effect.flatMap(CachePort, (cache) =>
            onceConnected(Effect.andThen(cache.set("key", "value"), cache.exists("key")))
          ),
          Layer.provide(layer, ConfigProvider.layer(ConfigProvider.fromUnknown(values)))
        )
      assert.isTrue(yield* given({ REDIS_URL: url, NAMESPACE: "config" }))
      assert.strictEqual(yield* Effect.promise(() => askRedis(url, ["GET", "config:key"])), "value")
      const error = yield* Effect.flip(given({ REDIS_URL: `http://${canary}`, NAMESPACE: "config" }))
      assert.notInclude(shown(error), canary)
      assert.strictEqual((yield* Effect.flip(given({ NAMESPACE: "config" })))._tag, "ConfigError")
    })
  )
})
