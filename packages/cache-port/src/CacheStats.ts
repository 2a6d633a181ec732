/**
 * Hits, misses and errors of each namespace, counted in this process.
 *
 * Every port made by `CachePort.fromDriver` counts: `get`, `getJson`, `getAndDelete`, `getAndExpire` and each key of
 * `getMany` is a hit or a miss; an operation that the store failed is an error. Invalid input does not count. Ports of the same namespace
 * count together, whatever their adapter. At most 1,000 namespaces have counts of their own; later ones, as of one
 * namespace for each tenant, count together as `*`.
 *
 * @module
 */
import { Effect } from "effect"

/** The counts of one namespace. */
export interface NamespaceStats {
  readonly hits: number
  readonly misses: number
  readonly errors: number
  /** `hits / (hits + misses)`, from 0 to 1; 0 while nothing was read. */
  readonly hitRate: number
}

/** The live counters of one namespace: plain numbers, since every operation touches them. */
export interface Counters {
  hits: number
  misses: number
  errors: number
}

const zeros = { hits: 0, misses: 0, errors: 0 }

const registry = new Map<string, Counters>()

/** The most namespaces with counts of their own. */
const mostNamespaces = 1_000

/** The name under which all others count. */
const others = "*"

/**
 * The counters that every port of `namespace` shares.
 *
 * @internal
 */
export const countersOf = (namespace: string): Counters => {
  const known = registry.get(namespace)
  if (known !== undefined) return known
  const name = registry.size < mostNamespaces ? namespace : others
  const counters = registry.get(name) ?? { ...zeros }
  registry.set(name, counters)
  return counters
}

/**
 * Forgets every namespace, for the next test in this process: what counts already goes on unseen.
 *
 * @internal
 */
export const forgetNamespaces = (): void => registry.clear()

const read = ({ errors, hits, misses }: Counters): NamespaceStats => ({
  hits,
  misses,
  errors,
  hitRate: hits + misses === 0 ? 0 : hits / (hits + misses)
})

/** Reads the counts of one namespace. Zeros for an unused namespace. */
export const of = (namespace: string): Effect.Effect<NamespaceStats> =>
  Effect.sync(() => read(registry.get(namespace) ?? zeros))

/** Reads the counts of every namespace, by its name. A nested namespace is named `outer:inner`. */
export const all: Effect.Effect<ReadonlyMap<string, NamespaceStats>> = Effect.sync(
  () => new Map(Array.from(registry, ([namespace, counters]) => [namespace, read(counters)]))
)

/** Sets every count back to zero. */
export const reset: Effect.Effect<void> = Effect.sync(() => {
  for (const counters of registry.values()) Object.assign(counters, zeros)
})
