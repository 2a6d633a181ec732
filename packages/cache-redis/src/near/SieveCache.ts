/**
 * The values of a near cache, in bounds of number and size.
 *
 * SIEVE chooses the entry to evict: a hit marks its entry as visited and moves nothing, and a hand that goes from the
 * oldest to the newest removes the mark, or an entry without one. So keys that are read once, as by a large batch, go
 * first: https://www.usenix.org/conference/nsdi24/presentation/zhang-yazhuo
 *
 * @internal
 */
import { PrefixMap } from "./PrefixMap.ts"

/** The bounds of a near cache. */
export interface SieveBounds {
  readonly maxEntries: number
  /** Of keys and values together, in UTF-8. */
  readonly maxBytes: number
}

/** A value that was read, or its absence. */
export class SieveEntry {
  readonly key: string
  readonly value: string | undefined
  /** When it expires, on `performance`'s clock. */
  readonly end: number
  readonly bytes: number
  visited = false
  newer: SieveEntry | undefined
  older: SieveEntry | undefined
  /** The prefix of its first read, unless that was empty. */
  prefix: string | undefined

  constructor(key: string, value: string | undefined, end: number) {
    // A copy: the caller's may be cut from a long text, which it would keep alive.
    this.key = Buffer.from(key).toString()
    this.value = value
    this.end = end
    this.bytes = Buffer.byteLength(key) + (value === undefined ? 0 : Buffer.byteLength(value))
  }
}

/** Entries by their keys. */
export class SieveCache {
  readonly #bounds: SieveBounds
  readonly #byKey = new Map<string, SieveEntry>()
  /** The same entries by prefix and rest of their keys, as their first read had them. */
  readonly #entries = new PrefixMap<SieveEntry>()
  #newest: SieveEntry | undefined
  #oldest: SieveEntry | undefined
  /** The next entry of the hand; the oldest unless there is one. */
  #hand: SieveEntry | undefined
  #bytes = 0

  constructor(bounds: SieveBounds) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#byKey.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The entry of the key that is `prefix` and `rest` together. */
  get(prefix: string, rest: string): SieveEntry | undefined {
    const found = this.#entries.get(prefix, rest)
    if (found !== undefined) return found
    const entry = this.#byKey.get(prefix + rest)
    if (entry !== undefined && entry.prefix === undefined && prefix !== "") {
      entry.prefix = prefix
      // A part of its own key: the caller's may be cut from a long text, which it would keep alive.
      this.#entries.set(prefix, entry.key.slice(prefix.length), entry)
    }
    return entry
  }

  /** Adds an entry in place of the one of the same key. One that is larger than the bounds is not added. */
  add(entry: SieveEntry): void {
    const { maxBytes, maxEntries } = this.#bounds
    this.delete(entry.key)
    if (entry.bytes > maxBytes) return
    while (this.#byKey.size >= maxEntries || this.#bytes + entry.bytes > maxBytes) this.#evict()
    entry.older = this.#newest
    if (this.#newest === undefined) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
    this.#byKey.set(entry.key, entry)
    this.#bytes += entry.bytes
  }

  delete(key: string): void {
    const entry = this.#byKey.get(key)
    if (entry === undefined) return
    const { newer, older, prefix } = entry
    if (newer === undefined) this.#newest = older
    else newer.older = older
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (this.#hand === entry) this.#hand = newer
    this.#byKey.delete(key)
    if (prefix !== undefined) this.#entries.delete(prefix, key.slice(prefix.length))
    this.#bytes -= entry.bytes
  }

  clear(): void {
    this.#byKey.clear()
    this.#entries.clear()
    this.#newest = undefined
    this.#oldest = undefined
    this.#hand = undefined
    this.#bytes = 0
  }

  /** Called only while there is an entry. */
  #evict(): void {
    let entry = (this.#hand ?? this.#oldest) as SieveEntry
    while (entry.visited) {
      entry.visited = false
      entry = (entry.newer ?? this.#oldest) as SieveEntry
    }
    this.#hand = entry
    this.delete(entry.key)
  }
}
