/**
 * What the `Cached` of each namespace have done in this process.
 *
 * @internal
 */
import { CacheStats } from "@hexcache/cache-port"

/** The counts of one namespace since the process began. */
export interface CachedStats {
  /** Reads that a fresh value answered, from the cache or on its way into it. */
  readonly hits: number
  /** Reads that a stale value answered. */
  readonly stale: number
  /** Reads that a lookup answered, or failed. */
  readonly misses: number
  /** Keys whose lookup was begun, for whatever reason. */
  readonly lookups: number
  /** Keys whose lookup failed, died, or was too slow. */
  readonly lookupFailures: number
  /** Keys looked up in the background. */
  readonly refreshes: number
  /** Misses that waited for a lookup which another read had begun. */
  readonly joins: number
  /** Invalidations of a key, of a tag, and of everything. */
  readonly invalidations: number
  /** Invalidations that the cache failed, so that they became pending: each is retried until the cache has carried it out. */
  readonly pendingInvalidations: number
}

type Live = { -readonly [Name in keyof CachedStats]: CachedStats[Name] }

const registry = new Map<string, Counters>()

/** The live counters of one namespace. What it serves counts in `CacheStats` as well. */
export class Counters {
  readonly live: Live = {
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

  hit(): void {
    this.live.hits++
    this.#reads.hits++
  }

  stale(): void {
    this.live.stale++
    this.#reads.hits++
  }

  miss(): void {
    this.live.misses++
    this.#reads.misses++
  }

  /** A miss that waits for the lookup of another. */
  join(): void {
    this.miss()
    this.live.joins++
  }

  error(): void {
    this.#reads.errors++
  }
}

export const countersOf = (namespace: string): Counters => {
  let counters = registry.get(namespace)
  if (counters === undefined) {
    counters = new Counters(namespace)
    registry.set(namespace, counters)
  }
  return counters
}
