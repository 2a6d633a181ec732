/**
 * Metrics of a cache, for OpenTelemetry's API and for a registry of prom-client.
 */
import { Context, type Metric } from "effect"
import { instrumentationScope, type OpenTelemetryApi } from "./OpenTelemetry.ts"

/** A registry of prom-client 14 or later. */
export interface PrometheusRegistry {
  /** Adds a metric, which the registry reads when it is exported. */
  registerMetric(metric: never): void
}

type Metadata = Metric.Metric.Metadata<never, unknown>

/** The series of caches that report to the same place: equal ones are one. */
class Series extends Map<string, Metadata> {
  readonly #sinks = new Set<object>()
  readonly #listeners: Array<(added: Metadata) => void> = []

  override set(key: string, added: Metadata): this {
    for (const listener of this.#listeners) listener(added)
    return super.set(key, added)
  }

  /** Reports to a sink, once. */
  report(sink: object, listenerOf: () => (added: Metadata) => void): void {
    if (this.#sinks.has(sink)) return
    this.#sinks.add(sink)
    const listener = listenerOf()
    for (const each of this.values()) listener(each)
    this.#listeners.push(listener)
  }

  /** The series of one metric, with their states now. */
  of<State>(id: string): ReadonlyArray<{ readonly attributes: Labels; readonly state: State }> {
    return Array.from(this.values())
      .filter((each) => each.id === id)
      .map(({ attributes, hooks }) => ({ attributes: withoutUnit(attributes), state: hooks.get(noContext) as State }))
  }
}

type Labels = Record<string, string>

const noContext = Context.empty()

const withoutUnit = ({ unit: _, ...attributes }: Labels = {}): Labels => attributes

const unitOf = ({ attributes }: Metadata): string => attributes?.unit ?? ""

const known = new WeakMap<object, Series>()

/**
 * The registry of Effect's metrics that reports to these. One cache or many may report to the same.
 *
 * @internal
 */
export const metricsFor = (
  openTelemetry: OpenTelemetryApi | undefined,
  registry: PrometheusRegistry | undefined
): Metric.MetricRegistry | undefined => {
  const place = registry ?? openTelemetry
  if (place === undefined) return undefined
  const series = known.get(place) ?? new Series()
  known.set(place, series)
  if (registry !== undefined) series.report(registry, () => toPrometheus(registry, series))
  if (openTelemetry !== undefined) series.report(openTelemetry, () => toOpenTelemetry(openTelemetry, series))
  return series as Map<string, unknown> as Metric.MetricRegistry
}

const toOpenTelemetry = (api: OpenTelemetryApi, series: Series) => {
  const meter = api.metrics.getMeter(instrumentationScope)
  const histograms = new Map<string, { record(value: number, attributes: Record<string, string>): void }>()
  const counters = new Set<string>()
  return (added: Metadata): void => {
    const { description = "", hooks, id, type } = added
    const options = { description, unit: unitOf(added) }
    if (type === "Counter" && !counters.has(id)) {
      counters.add(id)
      meter.createObservableCounter(id, options).addCallback((result) => {
        for (const { attributes, state } of series.of<Metric.CounterState<number>>(id)) {
          result.observe(state.count, attributes)
        }
      })
    }
    if (type !== "Histogram") return
    const { buckets } = hooks.get(noContext) as Metric.HistogramState
    const advice = { explicitBucketBoundaries: buckets.map(([boundary]) => boundary) }
    const histogram = histograms.get(id) ?? meter.createHistogram(id, { ...options, advice })
    histograms.set(id, histogram)
    const attributes = withoutUnit(added.attributes)
    const { update } = hooks
    // The API has no histogram that is read when metrics are exported.
    Object.assign(hooks, {
      update: (value: number, context: Context.Context<never>) => {
        histogram.record(value, attributes)
        update(value as never, context)
      }
    })
  }
}

const toPrometheus = (registry: PrometheusRegistry, series: Series) => {
  const names = new Set<string>()
  return (added: Metadata): void => {
    const { description: help = "", id, type } = added
    const name = nameOf(added)
    if (names.has(name)) return
    names.add(name)
    const values = () => (type === "Histogram" ? histogramOf(series, id, name) : counterOf(series, id))
    const metric = { name, help, type: type.toLowerCase(), aggregator: "sum" }
    registry.registerMetric({
      ...metric,
      get: async () => ({ ...metric, values: values() }),
      // The counts are also those of `stats`, and stay.
      reset: () => undefined
    } as never)
  }
}

/** The names of the dashboard and the alerts. For OpenMetrics, prom-client itself adds `_total` to those of counters. */
const nameOf = (metadata: Metadata): string => safe(metadata.id) + (unitOf(metadata) === "s" ? "_seconds" : "")

const safe = (name: string): string => name.replaceAll(/[^A-Za-z0-9_]/g, "_")

const labelsOf = (attributes: Labels): Labels =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [safe(name), value]))

interface Value {
  readonly metricName?: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

const counterOf = (series: Series, id: string): ReadonlyArray<Value> =>
  series.of<Metric.CounterState<number>>(id).map(({ attributes, state }) => ({
    labels: labelsOf(attributes),
    value: state.count
  }))

const histogramOf = (series: Series, id: string, name: string): ReadonlyArray<Value> =>
  series.of<Metric.HistogramState>(id).flatMap(({ attributes, state: { buckets, count, sum } }) => {
    const labels = labelsOf(attributes)
    return [
      ...buckets.map(([le, value]) => ({ metricName: `${name}_bucket`, labels: { ...labels, le }, value })),
      { metricName: `${name}_bucket`, labels: { ...labels, le: "+Inf" }, value: count },
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count }
    ]
  })
