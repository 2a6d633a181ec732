/**
 * Between a `Cached` and the telemetry of its cache, if it has any.
 *
 * @internal
 */
import type { Cause, Effect } from "effect"
import type { CachePort } from "../CachePort.ts"
import { layerOf } from "./Layered.ts"

type Service = CachePort["Service"]

/** What is reported of one `Cached`. */
export interface Observer {
  /** A lookup, which tells of its failure once it is over. */
  readonly lookUp: <A, E, R>(
    lookup: Effect.Effect<A, E, R>,
    failure: () => Cause.Cause<unknown> | undefined
  ) => Effect.Effect<A, E, R>
}

/** The counts of one `Cached`, which go on. */
export interface ReadThroughStats {
  readonly hits: number
  readonly stale: number
  readonly misses: number
  readonly joins: number
  readonly refreshes: number
  readonly invalidations: number
  readonly pendingInvalidations: number
}

/** Begins to report of the `Cached` of a namespace, whose counts these are. */
type Observe = (namespace: string, stats: ReadThroughStats) => Observer

const observes = new WeakMap<Service, Observe>()

/** `cache`, of whose `Cached` is reported by `observe`. */
export const observed = (cache: Service, observe: Observe): Service => {
  observes.set(cache, observe)
  return cache
}

/** Undefined for a cache without telemetry in its layers. */
export const observerOf = (cache: Service, namespace: string, stats: ReadThroughStats): Observer | undefined => {
  const observe = observes.get(cache)
  if (observe !== undefined) return observe(namespace, stats)
  const layer = layerOf(cache)
  return layer === undefined ? undefined : observerOf(layer.inner, namespace, stats)
}
