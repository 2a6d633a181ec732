/** The first operations of a layer wait for its first connection, and for nothing else. */
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { type CacheError, CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { askRedis, freePort, makeCertificate, RedisCluster, RedisSentinels } from "@hexcache/redis-testkit"
import { Context, Effect, Exit, Fiber, Layer, Option, Scope, Stream } from "effect"
import { faultyServer } from "../support/faultyServer.ts"
import { cache, server, timed } from "../support/servers.ts"

type Cache = CachePort["Service"]

/** Long, so that a busy machine is no fault of the cache's. */
const commandTimeout = 20_000
const patient = { commandTimeout, connectTimeout: commandTimeout }

const everyOperation = (cached: Cache): ReadonlyArray<Effect.Effect<unknown, CacheError>> => [
  cached.set("key", "value"),
  cached.get("key"),
  cached.getMany(["a", "b"]),
  cached.setMany([["a", "1"]], { ttl: "1 hour" }),
  cached.increment("count"),
  cached.setIfAbsent("lock", "owner"),
  cached.deleteMany(["c", "d"]),
  cached.expire("e", "1 hour"),
  cached.ttl("f"),
  cached.deletePattern("g*"),
  Stream.runDrain(cached.scan("h*")),
  cached.flush,
  cached.ping
]

/** Runs every operation at once, as the first of their layer, and once more by itself, each on a layer of its own. */
const firstOperationsSucceed = (layer: Layer.Layer<CachePort, CacheError>) =>
  Effect.gen(function* () {
    yield* Effect.provide(
      Effect.flatMap(CachePort, (cached) => Effect.all(everyOperation(cached), { concurrency: "unbounded" })),
      Layer.fresh(layer)
    )
    for (const index of everyOperation(yield* built(layer)).keys()) {
      const first = Effect.flatMap(CachePort, (cached) => everyOperation(cached)[index] as Effect.Effect<unknown>)
      yield* Effect.provide(first, Layer.fresh(layer))
    }
  })

const built = (layer: Layer.Layer<CachePort, CacheError>) => Effect.map(Layer.build(layer), Context.get(CachePort))

describe("the first operations of a layer succeed", () => {
  it.live("on one server, with and without a near cache", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      yield* firstOperationsSucceed(CacheRedis.layer({ url, namespace: "test", ...patient }))
      const nearCache = { maxEntries: 100 }
      yield* firstOperationsSucceed(CacheRedis.layer({ url, namespace: "test", ...patient, nearCache }))
    })
  )

  it.live("on a server that is 60 ms away to and fro", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* faultyServer
      proxy.latency(30)
      yield* firstOperationsSucceed(CacheRedis.layer({ url, namespace: "test", ...patient }))
    })
  )

  it.live("by TLS", () =>
    Effect.gen(function* () {
      const certificate = yield* Effect.acquireRelease(
        Effect.promise(() => makeCertificate()),
        ({ remove }) => Effect.sync(remove)
      )
      const port = yield* Effect.promise(() => freePort())
      yield* server({ args: certificate.serverArgs(port) })
      yield* firstOperationsSucceed(
        CacheRedis.layer({
          url: `rediss://localhost:${port}`,
          tls: { ca: certificate.cert },
          namespace: "test",
          ...patient
        })
      )
    })
  )

  it.live("behind Sentinel", () =>
    Effect.gen(function* () {
      const { name, sentinels } = yield* Effect.acquireRelease(
        Effect.promise(() => RedisSentinels.start({ downAfter: 60_000 })),
        (group) => Effect.promise(() => group.stop())
      )
      yield* firstOperationsSucceed(
        CacheRedis.layerSentinel({
          name,
          sentinels: sentinels.map(({ url }) => url),
          namespace: "test",
          ...patient
        })
      )
    })
  )

  it.live("on a cluster", () =>
    Effect.gen(function* () {
      const { masters } = yield* Effect.acquireRelease(
        Effect.promise(() => RedisCluster.start({ nodeTimeout: 60_000 })),
        (cluster) => Effect.promise(() => cluster.stop())
      )
      const [one] = masters
      for (const roots of [masters, [one as (typeof masters)[number]]]) {
        const rootNodes = roots.map(({ url }) => url)
        yield* firstOperationsSucceed(CacheRedis.layerCluster({ rootNodes, namespace: "test", ...patient }))
      }
    })
  )

  it.live("in a process that begins with them", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const program = new URL("../programs/firstOperation.ts", import.meta.url).pathname
      for (let round = 0; round < 5; round++) {
        const { stderr, stdout } = yield* Effect.promise(() => promisify(execFile)(process.execPath, [program, url]))
        assert.strictEqual(stderr, "")
        assert.strictEqual(stdout, '"value"\n')
        yield* Effect.promise(() => askRedis(url, ["DEL", "first:key"]))
      }
    })
  )
})

describe("an operation that waits for the first connection", () => {
  it.live("fails with Unavailable by its deadline, later ones at once, and none is sent later", () =>
    Effect.gen(function* () {
      const { proxy, redis, url } = yield* faultyServer
      proxy.mute()
      const cached = yield* cache({ url, commandTimeout: 1_000, connectTimeout: "1 hour" })
      const [errors, waited] = yield* timed(
        Effect.forEach(everyOperation(cached), Effect.flip, { concurrency: "unbounded" })
      )
      assert.isAtLeast(waited, 990)
      for (const { outcome, reason } of errors) {
        assert.strictEqual(reason._tag, "Unavailable")
        assert.strictEqual(outcome, "NotExecuted")
      }
      const [, millis] = yield* timed(Effect.forEach(everyOperation(cached), Effect.flip))
      assert.isBelow(millis, 1_000)
      yield* Effect.promise(() => proxy.heal())
      yield* Effect.sleep(200)
      assert.strictEqual(yield* Effect.promise(() => askRedis(redis.url, ["DBSIZE"])), "0")
    })
  )

  it.live("is one of at most maxPending", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* faultyServer
      proxy.mute()
      const cached = yield* cache({ url, commandTimeout, connectTimeout: "1 hour", maxPending: 10 })
      const writing = yield* Effect.forEach(Array.from({ length: 10 }), (_, index) =>
        Effect.forkChild(cached.set(`key-${index}`, "value"), { startImmediately: true })
      )
      const [error, millis] = yield* timed(Effect.flip(cached.set("key", "value")))
      assert.isBelow(millis, commandTimeout / 2)
      assert.strictEqual(error.reason.message, "10 operations wait for their answers already")
      yield* Effect.promise(() => proxy.heal())
      yield* Effect.forEach(writing, Fiber.interrupt)
    })
  )

  for (const [name, write] of Object.entries<(cached: Cache, key: string) => Effect.Effect<unknown, CacheError>>({
    "a set": (cached, key) => cached.set(key, "value"),
    "an increment": (cached, key) => cached.increment(key)
  })) {
    it.live(`as ${name}, is not sent when its caller is interrupted meanwhile, and those beside it are`, () =>
      Effect.gen(function* () {
        const { proxy, redis, url } = yield* faultyServer
        proxy.hold()
        const cached = yield* cache({ url, commandTimeout, connectTimeout: commandTimeout })
        const writing = yield* Effect.forEach(Array.from({ length: 100 }), (_, index) =>
          Effect.forkChild(write(cached, `key-${index}`), { startImmediately: true })
        )
        // Until the operations of one turn are in one batch.
        yield* Effect.sleep(20)
        const isEven = (_: unknown, index: number) => index % 2 === 0
        yield* Effect.forEach(writing.filter(isEven), Fiber.interrupt)
        yield* Effect.promise(() => proxy.heal())
        const exits = yield* Effect.forEach(writing, Fiber.await)
        assert.isTrue(exits.filter(isEven).every(Exit.hasInterrupts))
        assert.strictEqual(exits.filter(Exit.isSuccess).length, 50)
        assert.strictEqual(yield* Effect.promise(() => askRedis(redis.url, ["DBSIZE"])), "50")
      })
    )
  }

  it.live("fails as soon as the attempt does, with its reason", () =>
    Effect.gen(function* () {
      const { url } = yield* server({ args: ["--requirepass", "right"] })
      const refused = yield* cache({ url: url.replace("//", "//:wrong@"), commandTimeout })
      const gone = yield* cache({ url: `redis://127.0.0.1:${yield* Effect.promise(() => freePort())}`, commandTimeout })
      for (const [cached, expected] of [
        [refused, "AccessDenied"],
        [gone, "Unavailable"]
      ] as const) {
        const [errors, millis] = yield* timed(
          Effect.forEach(everyOperation(cached), Effect.flip, { concurrency: "unbounded" })
        )
        assert.isBelow(millis, commandTimeout / 2)
        for (const { reason } of errors) assert.strictEqual(reason._tag, expected)
      }
    })
  )

  it.live("fails at once when the layer is closed", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* faultyServer
      proxy.mute()
      const scope = yield* Scope.make()
      const cached = yield* Scope.provide(cache({ url, commandTimeout, connectTimeout: "1 hour" }), scope)
      const asked = yield* Effect.forEach(everyOperation(cached), (each) =>
        Effect.forkChild(Effect.flip(each), { startImmediately: true })
      )
      const [, millis] = yield* timed(Effect.andThen(Scope.close(scope, Exit.void), Effect.forEach(asked, Fiber.join)))
      assert.isBelow(millis, commandTimeout / 2)
    })
  )

  it.live("keeps its place: a read behind a write of its key sees that write", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* faultyServer
      proxy.latency(20)
      const cached = yield* cache({ url, ...patient })
      const reading: Array<Fiber.Fiber<Option.Option<string>, CacheError>> = []
      for (let index = 0; index < 100; index++) {
        yield* Effect.forkChild(cached.set("key", `${index}`), { startImmediately: true })
        reading.push(yield* Effect.forkChild(cached.get("key"), { startImmediately: true }))
      }
      const answers = yield* Effect.forEach(reading, Fiber.join)
      for (const [index, answer] of answers.entries()) assert.isAtLeast(Number(Option.getOrThrow(answer)), index)
    })
  )

  it.live("succeeds where the event loop was blocked for longer than a handshake may take", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cached = yield* cache({ url, commandTimeout, connectTimeout: "1 second" })
      const writing = yield* Effect.forkChild(cached.set("key", "value"), { startImmediately: true })
      for (const begun = performance.now(); performance.now() - begun < 1_500; );
      yield* Fiber.join(writing)
    })
  )

  it.live("leaves the event loop free where its caller tries again and again without a pause", () =>
    Effect.gen(function* () {
      const gone = yield* cache({ url: `redis://127.0.0.1:${yield* Effect.promise(() => freePort())}` })
      yield* Effect.flip(gone.ping)
      for (const asked of [gone.get("key"), gone.set("key", "value"), gone.increment("count"), gone.getMany(["a"])]) {
        let isOver = false
        const timer = setTimeout(() => {
          isOver = true
        }, 20)
        // Bounded, so that a loop that is held up ends as well.
        let attempts = 0
        while (!isOver && attempts < 1_000_000) {
          yield* Effect.ignore(asked)
          attempts++
        }
        clearTimeout(timer)
        assert.isTrue(isOver)
      }
    })
  )
})
