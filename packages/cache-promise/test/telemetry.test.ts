/** Operations and lookups, reported to OpenTelemetry's SDK and to a registry of prom-client. */
import { CacheMemory } from "@hexcache/cache-memory"
import * as api from "@opentelemetry/api"
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks"
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader
} from "@opentelemetry/sdk-metrics"
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { Registry } from "prom-client"
import { afterAll, beforeEach, expect, test } from "vitest"
import { CachePromise, type TelemetryOptions } from "../src/index.ts"

const spans = new InMemorySpanExporter()
const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 86_400_000 })
api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
api.trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }))
api.metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))

afterAll(async () => {
  await reader.shutdown()
  api.trace.disable()
  api.context.disable()
  api.metrics.disable()
})

beforeEach(() => spans.reset())

const open = (namespace: string, telemetry: TelemetryOptions) =>
  CachePromise.open(CacheMemory.layer({ namespace }), { telemetry })

/** The series of a metric that OpenTelemetry exports, as pairs of their attributes and their values. */
const exportedOf = async (name: string) => {
  metrics.reset()
  await reader.forceFlush()
  return metrics
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap((scope) => scope.metrics)
    .filter(({ descriptor }) => descriptor.name === name)
    .flatMap(({ dataPoints }) => dataPoints.map(({ attributes, value }) => ({ attributes, value })))
}

test("an operation is a span of OpenTelemetry, a child of the one that is active where it begins", async () => {
  await using cache = await open("traced", { openTelemetry: api, system: "memory", attributes: { "server.zone": "a" } })
  await api.trace.getTracer("test").startActiveSpan("request", async (request) => {
    await cache.set("secret key", "secret value")
    await cache.increment("secret key").catch(() => undefined)
    request.end()
  })
  const [set, increment, request] = spans.getFinishedSpans()
  expect(set).toMatchObject({
    name: "set traced",
    kind: api.SpanKind.CLIENT,
    attributes: {
      "db.system.name": "memory",
      "db.namespace": "traced",
      "db.operation.name": "set",
      "server.zone": "a"
    },
    parentSpanContext: { spanId: request?.spanContext().spanId },
    status: { code: api.SpanStatusCode.UNSET }
  })
  expect(increment).toMatchObject({
    name: "increment traced",
    attributes: { "error.type": "WrongType" },
    status: { code: api.SpanStatusCode.ERROR }
  })
  expect(
    JSON.stringify(spans.getFinishedSpans().map(({ attributes, name, status }) => [name, attributes, status]))
  ).not.toContain("secret")
})

test("a lookup is a span, and active while the program's function runs", async () => {
  await using cache = await open("lookups", { openTelemetry: api })
  const users = cache.cached({
    namespace: "user",
    ttl: "1 minute",
    lookup: async (id: number) => {
      await Promise.resolve()
      return api.trace.getTracer("test").startActiveSpan("query", (query) => {
        query.end()
        return id
      })
    }
  })
  await users.get(1)
  const finished = spans.getFinishedSpans()
  const lookup = finished.find(({ name }) => name === "lookup user")
  const query = finished.find(({ name }) => name === "query")
  expect(lookup).toBeDefined()
  expect(query?.parentSpanContext?.spanId).toBe(lookup?.spanContext().spanId)
  expect(query?.spanContext().traceId).toBe(lookup?.spanContext().traceId)
})

test("operations count in OpenTelemetry's metrics, the first one too, and those of two caches in the same series", async () => {
  for (const _ of [1, 2]) {
    await using cache = await open("measured", { openTelemetry: api })
    await cache.get("key")
    const view = cache.cached({ namespace: "measured view", ttl: "1 minute", lookup: async (n: number) => n })
    await view.get(1)
    expect((await exportedOf("hexcache.cached.reads")).length).toBeGreaterThan(0)
  }
  const durations = await exportedOf("db.client.operation.duration")
  const get = { "db.system.name": "hexcache", "db.namespace": "measured", "db.operation.name": "get" }
  expect(durations).toContainEqual({ attributes: get, value: expect.objectContaining({ count: 2 }) })
  const reads = (await exportedOf("hexcache.reads")).filter(
    ({ attributes }) => attributes["db.namespace"] === "measured" && attributes["hexcache.result"] === "miss"
  )
  expect(reads.length).toBe(1)
  expect(reads[0]?.value).toBeGreaterThanOrEqual(2)
})

test("a registry of prom-client has the metrics of every cache that reports to it", async () => {
  const registry = new Registry()
  await using one = await open("one", { registry })
  await using other = await open("other", { registry, attributes: { "server.zone": "b" } })
  await one.get("key")
  await one.set("key", "value")
  await one.get("key")
  await other.increment("key", 0.5).catch(() => undefined)
  await other.ping()
  const view = one.cached({ namespace: "prometheus view", ttl: "1 minute", lookup: async (n: number) => n })
  await view.get(1)
  const text = await registry.metrics()
  expect(text).toContain("# TYPE db_client_operation_duration_seconds histogram")
  expect(text).toContain("# TYPE hexcache_reads counter")
  expect(text).toContain('hexcache_reads{db_system_name="hexcache",db_namespace="one",hexcache_result="hit"} 1')
  expect(text).toMatch(
    /db_client_operation_duration_seconds_bucket\{db_system_name="hexcache",db_namespace="one",db_operation_name="get",le="\+Inf"\} 2/
  )
  expect(text).toMatch(
    /db_client_operation_duration_seconds_count\{server_zone="b",db_system_name="hexcache",db_namespace="other",db_operation_name="ping"\} 1/
  )
  expect(text).toMatch(
    /hexcache_cached_reads\{.*hexcache_cached_namespace="prometheus view",hexcache_result="miss"\} 1/
  )
  expect(text).not.toContain("NaN")
})

test("a cache without telemetry reports nothing", async () => {
  await using cache = await CachePromise.open(CacheMemory.layer())
  await cache.get("key")
  expect(spans.getFinishedSpans()).toEqual([])
})

test("telemetry that is none is refused", async () => {
  for (const telemetry of [5, { openTelemetry: {} }, { registry: {} }, { regsitry: new Registry() }]) {
    await expect(
      CachePromise.open(CacheMemory.layer(), { telemetry: telemetry as TelemetryOptions })
    ).rejects.toMatchObject({ operation: "layer", reason: { _tag: "InvalidArgument" } })
  }
})
