/** The examples of docs/telemetry.md: each stands here word for word, compiles, and works. */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Breaker, CachePort, FailOpen, Telemetry } from "@hexcache/cache-port"
import { Effect, Layer } from "effect"
import { FetchHttpClient, HttpRouter } from "effect/http"
import { Otlp, PrometheusMetrics } from "effect/observability"
import { MapStore } from "./support/MapStore.ts"
import * as OtlpReceiver from "./support/OtlpReceiver.ts"

const adapter = Layer.sync(CachePort, () => CachePort.namespaced(new MapStore().cache, "shop"))

const cache = FailOpen.layer.pipe(
  Layer.provideMerge(Telemetry.layer({ system: "redis", attributes: { "server.address": "cache.internal" } })),
  Layer.provideMerge(Breaker.layer()),
  Layer.provide(adapter)
)

const exporting = (collector: string) =>
  Otlp.layerJson({ baseUrl: collector, resource: { serviceName: "shop" } }).pipe(Layer.provide(FetchHttpClient.layer))

const metrics = PrometheusMetrics.layerHttp({
  metricNameMapper: (name) => (name.endsWith(".duration") ? `${name}.seconds` : name)
})

const repository = new URL("../../../", import.meta.url)

describe("the guide to Telemetry", () => {
  it("holds no example but these", () => {
    const source = readFileSync(new URL(import.meta.url), "utf8")
    const guide = readFileSync(new URL("docs/telemetry.md", repository), "utf8")
    const examples = Array.from(guide.matchAll(/```ts\n(.*?)```/gs), ([, example = ""]) => example)
    assert.strictEqual(examples.length, 3)
    for (const example of examples) assert.include(source, example)
  })

  it.live("has examples that work", () =>
    Effect.gen(function* () {
      const receiver = yield* OtlpReceiver.make
      const get = CachePort.use((cache) => cache.get("key")).pipe(Effect.provide(cache))
      yield* Effect.provide(get, exporting(receiver.url))
      assert.deepStrictEqual(
        receiver.spans().map(({ name }) => name),
        ["get shop"]
      )
      const { dispose, handler } = HttpRouter.toWebHandler(metrics, { disableLogger: true })
      const response = yield* Effect.promise(() => handler(new Request("http://localhost/metrics")))
      yield* Effect.promise(dispose)
      assert.include(
        yield* Effect.promise(() => response.text()),
        'db_client_operation_duration_seconds_count{server_address="cache.internal",db_system_name="redis"'
      )
    }).pipe(Effect.scoped)
  )
})
