/**
 * Telemetry of a `Cached`.
 *
 * @internal
 */
import type { Observer, ReadThroughStats } from "@hexcache/cache-port/internal"
import { type Context, Exit, Metric } from "effect"
import { constVoid } from "effect/Function"
import { type Attributes, ofLookup } from "./ErrorAttributes.ts"
import { Instrument, type Settings } from "./Instrument.ts"

/** Registers the counts of one namespace as metrics, which are read when a program exports them. */
export const register = (
  namespace: string,
  stats: ReadThroughStats,
  settings: Settings,
  context: Context.Context<never>
): ReadonlyArray<Metric.Registration> =>
  series.map(({ attributes, description, name, read, unit }) => {
    const counter = Metric.counter(`hexcache.cached.${name}`, {
      description,
      incremental: true,
      attributes: { ...attributesOf(namespace, settings), ...attributes, unit }
    })
    const get = () => ({ count: read(stats), incremental: true })
    return Metric.registerUnsafe(counter, context, { get, update: constVoid, modify: constVoid })
  })

/** Reports the lookups of one namespace. */
export const observer = (namespace: string, settings: Settings): Observer => {
  const instrument = new Instrument({
    ...settings,
    attributes: attributesOf(namespace, settings),
    name: `lookup ${namespace}`,
    kind: "internal",
    duration: "hexcache.cached.lookup.duration",
    description: "Duration of lookups, of one key or of many."
  })
  return {
    lookUp: (lookup, failure) =>
      instrument.measure(lookup, (exit) => {
        const cause = Exit.isFailure(exit) ? exit.cause : failure()
        return { error: cause && ofLookup(cause) }
      })
  }
}

const attributesOf = (namespace: string, { attributes }: Settings): Attributes => ({
  ...attributes,
  "hexcache.cached.namespace": namespace
})

interface Series {
  readonly name: string
  readonly unit: string
  readonly description: string
  readonly attributes?: Attributes
  readonly read: (stats: ReadThroughStats) => number
}

const reads = {
  name: "reads",
  unit: "{key}",
  description: "Keys that were read, by what answered them: the cache, a stale value in it, or a lookup."
}

const series: ReadonlyArray<Series> = [
  { ...reads, attributes: { "hexcache.result": "hit" }, read: ({ hits }) => hits },
  { ...reads, attributes: { "hexcache.result": "stale" }, read: ({ stale }) => stale },
  { ...reads, attributes: { "hexcache.result": "miss" }, read: ({ misses }) => misses },
  {
    name: "joins",
    unit: "{key}",
    description: "Keys that were read by waiting for a lookup that another read had begun.",
    read: ({ joins }) => joins
  },
  {
    name: "refreshes",
    unit: "{key}",
    description: "Keys that were looked up in the background.",
    read: ({ refreshes }) => refreshes
  },
  {
    name: "invalidations",
    unit: "{invalidation}",
    description: "Invalidations of keys, of tags, and of everything.",
    read: ({ invalidations }) => invalidations
  },
  {
    name: "pending_invalidations",
    unit: "{invalidation}",
    description: "Invalidations that the cache failed, so that they are retried.",
    read: ({ pendingInvalidations }) => pendingInvalidations
  }
]
