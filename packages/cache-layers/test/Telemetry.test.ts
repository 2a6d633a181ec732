import { assert, describe, it } from "@effect/vitest"
import { Breaker, FailOpen, Telemetry } from "@hexcache/cache-layers"
import { CachePort, ConnectionLost, DriverFailure, Unavailable } from "@hexcache/cache-port"
import * as Faulty from "@hexcache/cache-port/test-support/Faulty"
import { MapStore } from "@hexcache/cache-port/test-support/MapStore"
import { Cached } from "@hexcache/cached"
import { Database, DbError, silently, usual } from "@hexcache/cached/test-support/Database"
import { Data, Effect, Fiber, Layer, Metric, Option, Schema, Stream, Tracer } from "effect"
import { FetchHttpClient } from "effect/http"
import { Otlp, PrometheusMetrics } from "effect/observability"
import { TestClock } from "effect/testing"
import * as OtlpReceiver from "./support/OtlpReceiver.ts"

/** A registry of its own. */
const alone = Effect.provideServiceEffect(
  Metric.MetricRegistry,
  Effect.sync(() => new Map())
)

const over = (cache: CachePort["Service"], options?: Telemetry.TelemetryOptions) =>
  Layer.provide(Telemetry.layer(options), Layer.succeed(CachePort, cache))

/** A tracer that keeps every span. */
const recording = () => {
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  return { spans, traced: Effect.provideService(Tracer.Tracer, tracer) }
}

/** The attributes of each series of a metric, without its unit, and its count. */
const seriesOf = (id: string) =>
  Effect.map(Metric.snapshot, (snapshot) =>
    snapshot
      .filter((metric) => metric.id === id)
      .map(({ attributes, state }) => {
        const { unit: _, ...rest } = attributes ?? {}
        return [rest, (state as { readonly count: number }).count] as const
      })
  )

class QueryFailed extends Data.TaggedError("QueryFailed")<{ readonly message: string }> {}

const shop = { "db.system.name": "hexcache", "db.namespace": "shop" }

describe("Telemetry", () => {
  it.live("Telemetry exports spans and metrics to an OTLP receiver, without a key, a value or a message in them", () =>
    Effect.gen(function* () {
      const receiver = yield* OtlpReceiver.make
      const faulty = Faulty.make()
      const program = Effect.gen(function* () {
        const cache = CachePort.namespaced(yield* CachePort, "shop")
        yield* cache.set("secret key", "secret value")
        yield* cache.get("secret key")
        yield* cache.getMany(["secret key", "another secret"])
        yield* Stream.runDrain(cache.scan("secret*"))
        faulty.failure = Faulty.failure(ConnectionLost, "Unknown")
        yield* Effect.flip(cache.get("secret key"))
        const numbers = Cached.make({
          namespace: "exported",
          schema: Schema.Int,
          ttl: "1 minute",
          lookup: (_: string) => Effect.fail(new QueryFailed({ message: "secret reason" }))
        })
        yield* Effect.flip(numbers.get("secret key"))
      }).pipe(Effect.withSpan("request"))

      yield* program.pipe(
        Effect.provide(over(faulty.cache, { system: "redis", attributes: { "server.address": "cache.internal" } })),
        Effect.provide(
          Layer.provide(
            Otlp.layerJson({
              baseUrl: receiver.url,
              resource: { serviceName: "shop" },
              loggerExportInterval: "1 minute"
            }),
            FetchHttpClient.layer
          )
        ),
        silently,
        alone
      )

      const spans = receiver.spans()
      const request = spans.find(({ name }) => name === "request")
      const client = spans.filter(({ kind }) => kind === 3)
      const named = (name: string) => client.filter((span) => span.name === name).map(OtlpReceiver.attributesOf)
      const store = { "db.system.name": "redis", "server.address": "cache.internal" }
      const inShop = { ...store, "db.namespace": "shop" }
      const ofGet = { ...inShop, "db.operation.name": "get" }
      assert.deepStrictEqual(named("set shop"), [{ ...inShop, "db.operation.name": "set" }])
      assert.deepStrictEqual(named("get shop"), [
        { ...ofGet, "hexcache.hits": 1, "hexcache.misses": 0 },
        { ...ofGet, "error.type": "ConnectionLost" }
      ])
      assert.deepStrictEqual(named("getMany shop"), [
        { ...inShop, "db.operation.name": "getMany", "hexcache.keys": 2, "hexcache.hits": 2, "hexcache.misses": 0 }
      ])
      assert.deepStrictEqual(named("scan shop"), [{ ...inShop, "db.operation.name": "scan" }])
      assert.isTrue(client.every(({ parentSpanId }) => parentSpanId === request?.spanId))
      const [lookup] = spans.filter(({ name }) => name === "lookup exported")
      assert.deepInclude(OtlpReceiver.attributesOf(lookup ?? { attributes: [] }), {
        "hexcache.cached.namespace": "exported",
        "error.type": "QueryFailed"
      })
      assert.strictEqual(lookup?.parentSpanId, request?.spanId)
      // 2 is Error.
      assert.strictEqual(lookup?.status.code, 2)

      const metrics = receiver.metrics()
      const duration = metrics.find(({ name }) => name === "db.client.operation.duration")
      assert.strictEqual(duration?.unit, "s")
      const points = duration?.histogram?.dataPoints ?? []
      assert.deepStrictEqual(points[0]?.explicitBounds, [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10])
      const lost = points.filter((point) => OtlpReceiver.attributesOf(point)["error.type"] === "ConnectionLost")
      assert.deepInclude(lost.map(OtlpReceiver.attributesOf), { ...ofGet, "error.type": "ConnectionLost", unit: "s" })
      const reads = metrics.find(({ name }) => name === "hexcache.reads")
      assert.isTrue(reads?.sum?.isMonotonic)
      assert.deepStrictEqual(
        reads?.sum?.dataPoints.map((point) => [OtlpReceiver.attributesOf(point)["hexcache.result"], point.asDouble]),
        [["hit", 3]]
      )
      assert.include(
        metrics.map(({ name }) => name),
        "hexcache.cached.lookup.duration"
      )
      for (const body of receiver.bodies) assert.notInclude(body, "secret")
    }).pipe(Effect.scoped)
  )

  it.effect("The metrics can be Prometheus text", () =>
    Effect.gen(function* () {
      const cache = CachePort.namespaced(yield* CachePort, "shop")
      yield* cache.set("secret key", "secret value")
      yield* cache.get("secret key")
      yield* cache.get("another secret")
      const lines = (yield* PrometheusMetrics.format()).split("\n")
      const labels = 'db_system_name="redis",db_namespace="shop"'
      for (const line of [
        "# TYPE db_client_operation_duration histogram",
        `db_client_operation_duration_bucket{${labels},db_operation_name="get",le="0.001"} 2`,
        `db_client_operation_duration_count{${labels},db_operation_name="set"} 1`,
        "# TYPE hexcache_reads counter",
        `hexcache_reads{${labels},hexcache_result="hit"} 1`,
        `hexcache_reads{${labels},hexcache_result="miss"} 1`
      ]) {
        assert.include(lines, line)
      }
      assert.notInclude(lines.join("\n"), "secret")
    }).pipe(Effect.provide(over(new MapStore().cache, { system: "redis" })), alone)
  )

  it.effect(
    "Telemetry measures in seconds, from the begin of an operation until it ends, is interrupted, or its stream ends",
    () =>
      Effect.gen(function* () {
        const faulty = Faulty.make()
        faulty.hold = Effect.sleep("30 millis")
        yield* Effect.gen(function* () {
          const cache = yield* CachePort
          const running = yield* Effect.forkChild(Effect.exit(cache.get("key")))
          const abandoned = yield* Effect.forkChild(cache.exists("key"))
          const scanning = yield* Effect.forkChild(Stream.runDrain(cache.scan("*")))
          yield* TestClock.adjust("20 millis")
          yield* Fiber.interrupt(abandoned)
          yield* TestClock.adjust("10 millis")
          yield* Fiber.join(running)
          yield* Fiber.join(scanning)
        }).pipe(Effect.provide(over(faulty.cache)))
        const measured = (yield* Metric.snapshot).map(({ attributes, state }) => [
          attributes?.["db.operation.name"],
          attributes?.["error.type"],
          (state as Metric.HistogramState).sum
        ])
        assert.sameDeepMembers(
          measured.filter(([name]) => name !== undefined),
          [
            ["get", undefined, 0.03],
            ["exists", "Interrupted", 0.02],
            ["scan", undefined, 0.03]
          ]
        )
      }).pipe(alone)
  )

  it.effect("Telemetry counts hits and misses of each namespace, and failures as neither", () => {
    const store = new MapStore()
    return Effect.gen(function* () {
      const outer = yield* CachePort
      const cache = CachePort.namespaced(outer, "shop")
      yield* cache.setMany([
        ["one", "1"],
        ["two", "2"]
      ])
      yield* cache.getMany(["one", "two", "three"])
      yield* cache.getJson("one")
      yield* cache.getAndDelete("one")
      yield* cache.get("one")
      yield* cache.exists("one")
      yield* outer.get("one")
      yield* CachePort.namespaced(cache, "orders").get("one")
      store.fails = () => true
      yield* Effect.flip(cache.get("two"))
      assert.sameDeepMembers(yield* seriesOf("hexcache.reads"), [
        [{ ...shop, "hexcache.result": "hit" }, 4],
        [{ ...shop, "hexcache.result": "miss" }, 2],
        [{ "db.system.name": "hexcache", "hexcache.result": "miss" }, 1],
        [{ ...shop, "db.namespace": "shop:orders", "hexcache.result": "miss" }, 1]
      ])
      assert.deepInclude(yield* seriesOf("db.client.operation.duration"), [
        { ...shop, "db.operation.name": "get", "error.type": "Unavailable" },
        1
      ])
    }).pipe(Effect.provide(over(store.cache)), alone)
  })

  it.effect("Telemetry knows the namespace of a cache without a driver", () => {
    const { cache } = new MapStore()
    return Effect.gen(function* () {
      yield* CachePort.namespaced(yield* CachePort, "shop").get("key")
      const [[attributes] = []] = yield* seriesOf("hexcache.reads")
      assert.deepStrictEqual(attributes, { ...shop, "hexcache.result": "miss" })
    }).pipe(Effect.provide(over({ ...cache })), alone)
  })

  it.effect("The namespace option names every namespace", () =>
    Effect.gen(function* () {
      const cache = yield* CachePort
      for (const tenant of ["a", "b", "c"]) yield* CachePort.namespaced(cache, tenant).get("key")
      assert.deepStrictEqual(yield* seriesOf("hexcache.reads"), [[{ ...shop, "hexcache.result": "miss" }, 3]])
    }).pipe(Effect.provide(over(new MapStore().cache, { namespace: "shop" })), alone)
  )

  it.effect("Telemetry leaves out spans or metrics on request, and invalid input always", () =>
    Effect.gen(function* () {
      const { spans, traced } = recording()
      const { cache } = new MapStore()
      const ask = Effect.gen(function* () {
        const cache = yield* CachePort
        yield* cache.set("key", "value")
        yield* Effect.flip(cache.get(""))
        yield* Effect.flip(Stream.runDrain(cache.scan("[ä]")))
      })
      yield* ask.pipe(Effect.provide(over(cache, { spans: false, metrics: false })), traced)
      assert.deepStrictEqual([spans.length, (yield* Metric.snapshot).length], [0, 0])
      yield* ask.pipe(Effect.provide(over(cache, { metrics: false })), traced)
      assert.deepStrictEqual([spans.map(({ name }) => name), (yield* Metric.snapshot).length], [["set"], 0])
      yield* ask.pipe(Effect.provide(over(cache, { spans: false })), traced)
      assert.deepStrictEqual([spans.length, (yield* Metric.snapshot).length], [1, 1])
    }).pipe(alone)
  )

  it.effect("A span ends as its operation does", () =>
    Effect.gen(function* () {
      const { spans, traced } = recording()
      const faulty = Faulty.make()
      yield* Effect.gen(function* () {
        const cache = yield* CachePort
        yield* cache.get("key")
        faulty.failure = Faulty.failure(Unavailable)
        yield* Effect.flip(cache.get("key"))
        faulty.failure = new DriverFailure(new Unavailable({ message: "loading" }), "NotExecuted", "LOADING")
        yield* Effect.flip(cache.get("key"))
        faulty.hold = Effect.never
        const held = yield* Effect.forkChild(cache.get("key"), { startImmediately: true })
        yield* Fiber.interrupt(held)
      }).pipe(Effect.provide(over(faulty.cache)), traced)
      const ends = spans.map(({ attributes, status }) => [
        status._tag === "Ended" ? status.exit._tag : status._tag,
        attributes.get("error.type"),
        attributes.get("db.response.status_code")
      ])
      assert.deepStrictEqual(ends, [
        ["Success", undefined, undefined],
        ["Failure", "Unavailable", undefined],
        ["Failure", "Unavailable", "LOADING"],
        ["Failure", "Interrupted", undefined]
      ])
    }).pipe(alone)
  )

  it.effect("Telemetry reports a Cached from any place among the layers of its cache", () => {
    const store = new MapStore()
    const namespace = `reported ${Math.random()}`
    const of = (name: string) =>
      Effect.map(seriesOf(`hexcache.cached.${name}`), (series) =>
        Object.fromEntries(
          series
            .filter(([attributes]) => attributes["hexcache.cached.namespace"] === namespace)
            .map(([attributes, count]) => [attributes["hexcache.result"] ?? attributes["error.type"] ?? "", count])
        )
      )
    const db = new Database()
    const users = Cached.make({ ...usual(db), namespace, staleFor: "1 hour", tags: ({ tags }) => tags })
    const program = Effect.gen(function* () {
      db.takes = 20
      store.before = () => Effect.sleep(1)
      const readers = yield* Effect.forkChild(Effect.forEach([1, 1, 1], users.get, { concurrency: 3 }))
      yield* TestClock.adjust(1)
      store.before = () => Effect.void
      const late = yield* Effect.forkChild(users.get(1))
      // One millisecond is what the generation of the key takes to be made.
      yield* TestClock.adjust(21)
      yield* Fiber.join(readers)
      yield* Fiber.join(late)
      yield* users.get(1)
      yield* TestClock.adjust("6 minutes")
      yield* users.get(1)
      yield* TestClock.adjust(20)
      db.takes = 0
      db.fault = Effect.fail(new DbError({ reason: "down" }))
      yield* Effect.flip(users.get(2))
      yield* users.invalidate(1)
      store.fails = () => true
      yield* users.invalidateTag("red")
      yield* users.invalidateAll

      assert.deepStrictEqual(yield* of("reads"), { hit: 1, stale: 1, miss: 5 })
      assert.deepStrictEqual(yield* of("joins"), { "": 3 })
      assert.deepStrictEqual(yield* of("refreshes"), { "": 1 })
      assert.deepStrictEqual(yield* of("invalidations"), { "": 3 })
      assert.deepStrictEqual(yield* of("pending_invalidations"), { "": 2 })
      assert.deepStrictEqual(yield* of("lookup.duration"), { "": 2, DbError: 1 })
      const seconds = (yield* Metric.snapshot)
        .filter(({ id }) => id === "hexcache.cached.lookup.duration")
        .map(({ state }) => (state as Metric.HistogramState).sum)
      assert.deepStrictEqual(seconds, [0.04, 0])
    })
    return Effect.gen(function* () {
      const reported = FailOpen.layer.pipe(Layer.provide(Breaker.layer()), Layer.provide(over(store.cache)))
      yield* Effect.provide(program, reported)
      assert.deepStrictEqual(yield* of("reads"), {}, "gone with the layer")
    }).pipe(silently, alone)
  })

  it.effect("The spans of a lookup are children of its own span", () =>
    Effect.gen(function* () {
      const { spans, traced } = recording()
      const numbers = Cached.make({
        namespace: "traced",
        schema: Schema.Int,
        ttl: "1 minute",
        lookup: (id: number) => Effect.withSpan(Effect.succeed(id), "query")
      })
      yield* numbers.get(1).pipe(Effect.provide(over(new MapStore().cache)), traced)
      const named = (wanted: string) => spans.filter(({ name }) => name === wanted)
      const parents = named("query").map(({ parent }) => Option.getOrUndefined(parent))
      assert.strictEqual(parents.length, 1)
      assert.deepStrictEqual(parents, named("lookup traced"))
    }).pipe(alone)
  )
})
