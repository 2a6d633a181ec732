/**
 * Internals of ports: the driver, the layer or the outer port behind each.
 *
 * They are one record for each port, in a map beside the ports and never in them. A fake that a test spreads from a port,
 * as in `{ ...cache, get }`, must not inherit the record, or readers of it would go past the fake's own operations.
 *
 * @internal
 */
import { type Cause, Clock, Effect, Fiber } from "effect"
import type { CacheDriver } from "../CacheDriver.ts"
import type { CacheError } from "../CacheError.ts"
import type { CacheOperations } from "../CacheOperations.ts"
import type { Async, Caller } from "../FastPaths.ts"
import type { MissingFeatures } from "../StoreFeature.ts"
import type { SwallowedFailures } from "./SwallowedFailures.ts"

export interface PortInternals {
  readonly namespace?: string
  readonly source?: PortSource
  readonly readSync?: SyncReader | undefined
  readonly origin?: Origin
  readonly layer?: { readonly inner: CacheOperations; readonly wrap: Wrap }
  /** The failures that this layer hides from its callers. */
  readonly swallowed?: SwallowedFailures
  readonly observe?: Observe
}

/** The driver of a port that `fromDriver` made, and how the port uses it. Its namespaces share the driver. */
export interface PortSource {
  readonly driver: CacheDriver
  readonly prefix: string
  readonly namespace: string
  readonly maxValueBytes: number
  /** Background writes that the cache finishes before it closes. */
  readonly writes: Set<Fiber.Fiber<unknown>>
}

/**
 * As `getMany` of distinct keys, without an Effect and a `Map` around the result. Returns `Async` where the store cannot
 * return all of them synchronously, and for keys that `getMany` refuses.
 */
export type SyncReader = (
  keys: ReadonlyArray<string>,
  caller: Caller
) => ReadonlyArray<string | undefined> | CacheError | Async

/** The port that a namespace belongs to, and the prefix of the namespace within it. */
export interface Origin {
  readonly root: CacheOperations
  readonly path: string
}

type Wrap = (inner: CacheOperations) => CacheOperations

/** The telemetry of one `Cached`. */
export interface Observer {
  /** Reports a lookup; `failure` is that of a lookup that succeeded with something else. */
  readonly lookUp: <A, E, R>(
    lookup: Effect.Effect<A, E, R>,
    failure: () => Cause.Cause<unknown> | undefined
  ) => Effect.Effect<A, E, R>
}

/** The live counts of one `Cached`. */
export interface ReadThroughStats {
  readonly hits: number
  readonly stale: number
  readonly misses: number
  readonly joins: number
  readonly refreshes: number
  readonly invalidations: number
  readonly pendingInvalidations: number
}

/** Begins to report the `Cached` of a namespace. */
type Observe = (namespace: string, stats: ReadThroughStats) => Observer

const records = new WeakMap<CacheOperations, PortInternals>()

const none: PortInternals = {}

/** Empty for a port that is not this package's. */
export const internalsOf = (port: CacheOperations): PortInternals => records.get(port) ?? none

/** Adds to the record of a port, and returns the port. */
export const attach = (port: CacheOperations, internals: PortInternals): CacheOperations => {
  records.set(port, { ...records.get(port), ...internals })
  return port
}

/** Wraps a port in a layer. A namespace of the layer is the layer around the namespace of `inner`. */
export const layered = (inner: CacheOperations, wrap: Wrap): CacheOperations =>
  attach(wrap(inner), { layer: { inner, wrap } })

/** The namespace of a port, through the layers around it; empty for the whole store, and where it is unknown. */
export const namespaceOf = (port: CacheOperations): string => {
  const { layer, namespace = "" } = internalsOf(port)
  return layer === undefined ? namespace : namespaceOf(layer.inner)
}

/** The features that the store of a port lacks, through the layers around it; empty where that is unknown. */
export const missingFeaturesOf = (port: CacheOperations): MissingFeatures => {
  const { layer, source } = internalsOf(port)
  return layer === undefined ? (source?.driver.unsupported ?? {}) : missingFeaturesOf(layer.inner)
}

/** Undefined for a cache that cannot read synchronously, and for one with a layer around it. */
export const syncReaderOf = (cache: CacheOperations): SyncReader | undefined => internalsOf(cache).readSync

/** The port that `port` is a namespace of, or `port` itself. */
export const originOf = (port: CacheOperations): Origin => internalsOf(port).origin ?? { root: port, path: "" }

/** As `originOf`, through the layers around the port that it belongs to. */
export const bottomOf = (port: CacheOperations): Origin => {
  const { path, root } = originOf(port)
  const { layer } = internalsOf(root)
  if (layer === undefined) return { path, root }
  const bottom = bottomOf(layer.inner)
  return { root: bottom.root, path: bottom.path + path }
}

/**
 * The cache below the layers that fail open, with every other layer around it, and the failures that those layers count.
 * Undefined for a cache that does not fail open, or does so by other means than `FailOpen.layer`.
 */
export const strictOf = (
  cache: CacheOperations
): { readonly strict: CacheOperations; readonly swallowed: SwallowedFailures } | undefined => {
  const { layer, swallowed } = internalsOf(cache)
  if (layer === undefined) return undefined
  if (swallowed !== undefined) return { strict: layer.inner, swallowed }
  const below = strictOf(layer.inner)
  return below && { strict: layered(below.strict, layer.wrap), swallowed: below.swallowed }
}

/** The telemetry of a `Cached` on this cache. Undefined for a cache without telemetry in its layers. */
export const observerOf = (
  cache: CacheOperations,
  namespace: string,
  stats: ReadThroughStats
): Observer | undefined => {
  const { layer, observe } = internalsOf(cache)
  if (observe !== undefined) return observe(namespace, stats)
  return layer && observerOf(layer.inner, namespace, stats)
}

/** Lets a cache finish a background write before it closes. */
export const finishBeforeClose = (cache: CacheOperations, write: Fiber.Fiber<unknown>): void => {
  const { layer, source } = internalsOf(cache)
  if (layer !== undefined) finishBeforeClose(layer.inner, write)
  if (source === undefined) return
  source.writes.add(write)
  write.addObserver(() => source.writes.delete(write))
}

/** The longest time that a cache waits for background writes before it closes, in milliseconds. */
const patience = 200

/** Waits for the background writes of a port on a driver, in real time, at most 200 ms. */
export const finishWrites = (port: CacheOperations): Effect.Effect<void> =>
  Effect.suspend(() => {
    const writes = Array.from(internalsOf(port).source?.writes ?? [])
    if (writes.length === 0) return Effect.void
    return Effect.forEach(writes, Fiber.await, { concurrency: "unbounded", discard: true }).pipe(
      Effect.timeoutOption(patience),
      Effect.provideService(Clock.Clock, Clock.Clock.defaultValue()),
      Effect.asVoid
    )
  })
