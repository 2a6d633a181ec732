/**
 * The layers that `open` puts around a cache.
 *
 * @internal
 */
import { Breaker, FailOpen, Telemetry } from "@hexcache/cache-layers"
import type { CachePort } from "@hexcache/cache-port"
import { Layer, Metric, Tracer } from "effect"
import type { CacheDuration } from "./CacheDuration.ts"
import { type CacheLogger, loggerLayer } from "./CacheLogger.ts"
import { metricsFor, type PrometheusRegistry } from "./Metrics.ts"
import { type OpenTelemetryApi, tracerOf } from "./OpenTelemetry.ts"

/** The options of a breaker, which mean what they do for `Breaker.layer`. */
export interface BreakerOptions {
  /** The number of failures in a row that opens the breaker, a positive integer. Defaults to 5. */
  readonly failures?: number | undefined
  /** The first delay until a probe, at least 1 ms; each failed probe doubles it. Defaults to 100 ms. */
  readonly delay?: CacheDuration | undefined
  /** The longest delay, at least `delay`. Defaults to 5 seconds. */
  readonly maxDelay?: CacheDuration | undefined
}

/**
 * Places that the operations of a cache, and the lookups of its views, are reported to, with the names and attributes of
 * `Telemetry.layer`. No span and no series holds a key or a value.
 */
export interface TelemetryOptions {
  /**
   * The API of OpenTelemetry, `import * as api from "@opentelemetry/api"`, for spans and metrics. A span is a child of the
   * one that is active where its operation begins, and active itself while the program's lookup runs.
   */
  readonly openTelemetry?: OpenTelemetryApi | undefined
  /**
   * A registry of prom-client, such as its `register`, for metrics: `db_client_operation_duration_seconds`,
   * `hexcache_reads`, `hexcache_cached_reads` and their like. Caches with the same registry share series.
   */
  readonly registry?: PrometheusRegistry | undefined
  /** `db.system.name`: the product behind the adapter, for example `"redis"`. Defaults to `"hexcache"`. */
  readonly system?: string | undefined
  /** `db.namespace` of every operation. Defaults to the namespace of the cache. */
  readonly namespace?: string | undefined
  /** Attributes of every span and every series. Empty by default. */
  readonly attributes?: Readonly<Record<string, string>> | undefined
}

/** The layers of a cache. */
export interface LayerOptions {
  /** Makes a store that fails look like an empty one, as `FailOpen.layer` does. Defaults to false. */
  readonly failOpen?: boolean | undefined
  /** Stops asking a store that fails, and probes it again, as `Breaker.layer` does. Defaults to false. */
  readonly breaker?: boolean | BreakerOptions | undefined
  /** Reports operations and lookups to OpenTelemetry, to a registry of prom-client, or to both. Defaults to none. */
  readonly telemetry?: TelemetryOptions | undefined
  /**
   * Takes the lines of the log: changes of connections, failures that reach no caller. Defaults to the console. To pino it
   * is `({ fields, level, message }) => pino[level](fields, message)`.
   */
  readonly logger?: CacheLogger | undefined
}

/**
 * Puts the layers of the options around a cache: the breaker below, so that it sees the failures, and the telemetry above
 * it, so that it reports what the breaker refuses.
 */
export const withLayers = (
  layer: Layer.Layer<CachePort, unknown>,
  { breaker = false, failOpen = false, logger, telemetry }: LayerOptions
): Layer.Layer<CachePort, unknown> => {
  const guarded = breaker === false ? layer : Layer.provideMerge(breakerOf(breaker), layer)
  const reported = telemetry === undefined ? guarded : Layer.provideMerge(telemetryOf(telemetry), guarded)
  const whole = failOpen ? Layer.provideMerge(FailOpen.layer, reported) : reported
  return Layer.provideMerge(
    whole,
    Layer.mergeAll(logger === undefined ? Layer.empty : loggerLayer(logger), reportersOf(telemetry))
  )
}

/** Why the options of layers are refused, if they are, for callers without types. */
export const flawOfLayers = ({ logger, telemetry = {} }: LayerOptions): string | undefined => {
  if (logger !== undefined && typeof logger !== "function") return "a logger is a function"
  if (typeof telemetry !== "object" || telemetry === null) return "telemetry is an object"
  const unknown = Object.keys(telemetry).find((name) => !Object.hasOwn(telemetryNames, name))
  if (unknown !== undefined) return `telemetry has no options but ${Object.keys(telemetryNames).join(", ")}`
  const { openTelemetry, registry } = telemetry
  if (openTelemetry !== undefined && typeof openTelemetry?.trace?.getTracer !== "function") {
    return "openTelemetry is the API of OpenTelemetry"
  }
  return registry === undefined || typeof registry?.registerMetric === "function"
    ? undefined
    : "registry is one of prom-client"
}

const telemetryNames: Readonly<Record<keyof TelemetryOptions, true>> = {
  openTelemetry: true,
  registry: true,
  system: true,
  namespace: true,
  attributes: true
}

const telemetryOf = ({ openTelemetry, registry, ...options }: TelemetryOptions) =>
  Telemetry.layer({
    ...options,
    spans: openTelemetry !== undefined,
    metrics: openTelemetry !== undefined || registry !== undefined
  })

const reportersOf = ({ openTelemetry, registry }: TelemetryOptions = {}): Layer.Layer<never> => {
  const metrics = metricsFor(openTelemetry, registry)
  return Layer.merge(
    openTelemetry === undefined ? Layer.empty : Layer.succeed(Tracer.Tracer, tracerOf(openTelemetry)),
    metrics === undefined ? Layer.empty : Layer.succeed(Metric.MetricRegistry, metrics)
  )
}

const breakerOf = (options: true | BreakerOptions) => (options === true ? Breaker.layer() : Breaker.layer(options))
