/**
 * The entries of a memory cache: their order of use, their expiry, and their bounds. Knows neither Effect nor the port;
 * every operation is told the time.
 *
 * @internal
 */
import { type Expiring, ExpiryHeap } from "./ExpiryHeap.ts"

/** What a store may hold. */
export interface Bounds {
  /** The most entries. */
  readonly maxEntries: number
  /** The most bytes, as `weigh` counts them. */
  readonly maxBytes: number
  /** The bytes of one entry. */
  readonly weigh: (key: string, value: string) => number
}

interface Entry extends Expiring {
  readonly key: string
  value: string
  bytes: number
  /** Towards the entries used more recently; `undefined` for the most recent one. */
  newer: Entry | undefined
  /** Towards the entries used less recently; `undefined` for the least recent one. */
  older: Entry | undefined
}

/** Expired entries that one operation reclaims at most, so that none pays for a burst of them. */
const reclaimedAtOnce = 64

/** Entries by key, the least recently used evicted first when the bounds are reached, the expired before any other. */
export class Store {
  readonly #bounds: Bounds
  readonly #entries = new Map<string, Entry>()
  readonly #expiries = new ExpiryHeap<Entry>()
  #newest: Entry | undefined
  #oldest: Entry | undefined
  #bytes = 0

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  /** Entries held, expired ones that were not reclaimed yet among them. */
  get size(): number {
    return this.#entries.size
  }

  /** Bytes held, as `weigh` counts them. */
  get bytes(): number {
    return this.#bytes
  }

  /** The live value; reading it makes the entry the most recently used. */
  get(key: string, now: number): string | undefined {
    const entry = this.#live(key, now)
    if (entry === undefined) return undefined
    this.#unlink(entry)
    this.#link(entry)
    return entry.value
  }

  /** Whether the key is live. Not a use of the entry. */
  has(key: string, now: number): boolean {
    return this.#live(key, now) !== undefined
  }

  /** When a live entry expires, `Infinity` for never, `undefined` for an absent key. */
  expiresAt(key: string, now: number): number | undefined {
    return this.#live(key, now)?.expiresAt
  }

  /** Whether one entry alone is within the bounds. */
  fits(key: string, value: string): boolean {
    return this.#bounds.maxBytes === Infinity || this.#bounds.weigh(key, value) <= this.#bounds.maxBytes
  }

  /** Replaces value and expiry of an entry that fits, and evicts others until the bounds hold. */
  set(key: string, value: string, expiresAt: number, now: number): void {
    this.reclaim(now, reclaimedAtOnce)
    const { maxBytes, maxEntries, weigh } = this.#bounds
    const bytes = maxBytes === Infinity ? 0 : weigh(key, value)
    let entry = this.#live(key, now)
    if (entry === undefined) {
      entry = { key, value, bytes, expiresAt, heapIndex: -1, newer: undefined, older: undefined }
      this.#entries.set(key, entry)
      this.#bytes += bytes
    } else {
      this.#bytes += bytes - entry.bytes
      this.#unlink(entry)
      this.#expiries.remove(entry)
      entry.value = value
      entry.bytes = bytes
      entry.expiresAt = expiresAt
    }
    this.#link(entry)
    this.#expiries.add(entry)
    while (this.#entries.size > maxEntries || this.#bytes > maxBytes) this.#evict(now)
  }

  /** Gives a live entry another expiry. False for an absent key. */
  expire(key: string, expiresAt: number, now: number): boolean {
    const entry = this.#live(key, now)
    if (entry === undefined) return false
    this.#expiries.remove(entry)
    entry.expiresAt = expiresAt
    this.#expiries.add(entry)
    return true
  }

  /** Removes an entry, and answers whether it was live. */
  delete(key: string, now: number): boolean {
    const entry = this.#live(key, now)
    if (entry === undefined) return false
    this.#remove(entry)
    return true
  }

  /** Removes everything. */
  clear(): void {
    this.#entries.clear()
    this.#expiries.clear()
    this.#newest = undefined
    this.#oldest = undefined
    this.#bytes = 0
  }

  /** The keys held now, in no order. What is added while it runs is left out, so that it ends under any load. */
  *keys(): Generator<string> {
    let left = this.#entries.size
    for (const key of this.#entries.keys()) {
      if (left-- === 0) return
      yield key
    }
  }

  /** Removes expired entries, at most `limit` of them, and answers whether more are left. */
  reclaim(now: number, limit: number): boolean {
    for (let reclaimed = 0; ; reclaimed++) {
      const next = this.#expiries.first
      if (next === undefined || next.expiresAt > now) return false
      if (reclaimed === limit) return true
      this.#remove(next)
    }
  }

  #live(key: string, now: number): Entry | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (entry.expiresAt > now) return entry
    this.#remove(entry)
    return undefined
  }

  #evict(now: number): void {
    const next = this.#expiries.first
    const entry = next !== undefined && next.expiresAt <= now ? next : this.#oldest
    if (entry !== undefined) this.#remove(entry)
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.key)
    this.#expiries.remove(entry)
    this.#unlink(entry)
    this.#bytes -= entry.bytes
  }

  #link(entry: Entry): void {
    entry.older = this.#newest
    entry.newer = undefined
    if (this.#newest !== undefined) this.#newest.newer = entry
    this.#newest = entry
    this.#oldest ??= entry
  }

  #unlink(entry: Entry): void {
    if (entry.newer !== undefined) entry.newer.older = entry.older
    else if (this.#newest === entry) this.#newest = entry.older
    if (entry.older !== undefined) entry.older.newer = entry.newer
    else if (this.#oldest === entry) this.#oldest = entry.newer
    entry.newer = undefined
    entry.older = undefined
  }
}
