/**
 * The counts of the `Cached` of each namespace in this process.
 *
 * @internal
 */
import { CacheStats } from "@hexcache/cache-port"
import type { CachedStats } from "./CachedTypes.ts"

type LiveStats = { -readonly [Name in keyof CachedStats]: CachedStats[Name] }

const registry = new Map<string, Counters>()

/** The most namespaces with counts of their own. */
const mostNamespaces = 1_000

/** The name under which all others count. */
const others = "*"

/** Counts for one namespace. Reads count in `CacheStats` as well. */
export class Counters {
  readonly #stats: LiveStats = {
    hits: 0,
    stale: 0,
    misses: 0,
    lookups: 0,
    lookupFailures: 0,
    refreshes: 0,
    joins: 0,
    invalidations: 0,
    pendingInvalidations: 0
  }
  readonly #reads: CacheStats.Counters

  constructor(namespace: string) {
    this.#reads = CacheStats.countersOf(namespace)
  }

  /** The counts, which go on. */
  get live(): CachedStats {
    return this.#stats
  }

  hit(): void {
    this.#stats.hits++
    this.#reads.hits++
  }

  stale(): void {
    this.#stats.stale++
    this.#reads.hits++
  }

  miss(): void {
    this.#stats.misses++
    this.#reads.misses++
  }

  /** Counts operations of the cache that failed. */
  error(): void {
    this.#reads.errors++
  }

  add(name: Exclude<keyof CachedStats, "hits" | "stale" | "misses">, count = 1): void {
    this.#stats[name] += count
  }
}

export const countersOf = (namespace: string): Counters => {
  const known = registry.get(namespace)
  if (known !== undefined) return known
  const name = registry.size < mostNamespaces ? namespace : others
  const counters = registry.get(name) ?? new Counters(name)
  registry.set(name, counters)
  return counters
}

/** Forgets every namespace, for the next test in this process: what counts already goes on unseen. */
export const forgetNamespaces = (): void => {
  registry.clear()
  CacheStats.forgetNamespaces()
}
