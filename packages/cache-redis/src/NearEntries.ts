/**
 * What a near cache holds: values that were read, in bounds of number and size.
 *
 * Which entry goes when another one needs its place is decided by SIEVE: a hit marks its entry and moves nothing, and a
 * hand that goes from the oldest to the newest takes the mark away, or the entry where there is none. So keys that are
 * read once, as by a large batch, go first: https://www.usenix.org/conference/nsdi24/presentation/zhang-yazhuo
 *
 * @internal
 */

/** The bounds of a near cache. */
export interface Bounds {
  readonly maxEntries: number
  /** Of keys and values together, in UTF-8. */
  readonly maxBytes: number
}

/** A value that was read, or that there was none. */
export class Entry {
  readonly key: string
  readonly value: string | undefined
  /** From when on it is not to be served, on `performance`'s clock. */
  readonly end: number
  readonly bytes: number
  wasRead = false
  newer: Entry | undefined
  older: Entry | undefined
  /** The prefix behind which it is on a shelf, if any. */
  prefix: string | undefined

  constructor(key: string, value: string | undefined, end: number) {
    this.key = key
    this.value = value
    this.end = end
    this.bytes = Buffer.byteLength(key) + (value === undefined ? 0 : Buffer.byteLength(value))
  }
}

/**
 * Entries by their keys, and for those who ask with a prefix on a shelf for it too: to join prefix and key, a new text
 * that has to be hashed, costs more than the rest of a hit.
 */
export class NearEntries {
  readonly #bounds: Bounds
  readonly #byKey = new Map<string, Entry>()
  /** By prefix, entries by what of their keys is behind it. An entry is on one shelf at most, and no shelf is empty. */
  readonly #shelves = new Map<string, Map<string, Entry>>()
  #newest: Entry | undefined
  #oldest: Entry | undefined
  /** Whom the hand looks at next; the oldest unless there is one. */
  #hand: Entry | undefined
  #bytes = 0

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#byKey.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The entry of the key that is `prefix` and `key` together. */
  get(prefix: string, key: string): Entry | undefined {
    const shelved = this.#shelves.get(prefix)?.get(key)
    if (shelved !== undefined) return shelved
    const entry = this.#byKey.get(prefix + key)
    if (entry !== undefined && entry.prefix === undefined && prefix !== "") this.#shelve(entry, prefix, key)
    return entry
  }

  /** Adds an entry in place of the one of the same key. One that is larger than the bounds is not added. */
  add(entry: Entry): void {
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
    const { newer, older } = entry
    if (newer === undefined) this.#newest = older
    else newer.older = older
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (this.#hand === entry) this.#hand = newer
    this.#byKey.delete(key)
    this.#unshelve(entry)
    this.#bytes -= entry.bytes
  }

  clear(): void {
    this.#byKey.clear()
    this.#shelves.clear()
    this.#newest = undefined
    this.#oldest = undefined
    this.#hand = undefined
    this.#bytes = 0
  }

  #shelve(entry: Entry, prefix: string, key: string): void {
    const shelf = this.#shelves.get(prefix)
    if (shelf === undefined) this.#shelves.set(prefix, new Map([[key, entry]]))
    else shelf.set(key, entry)
    entry.prefix = prefix
  }

  #unshelve({ key, prefix }: Entry): void {
    if (prefix === undefined) return
    const shelf = this.#shelves.get(prefix) as Map<string, Entry>
    if (shelf.size === 1) this.#shelves.delete(prefix)
    else shelf.delete(key.slice(prefix.length))
  }

  /** Asked only while there is an entry. */
  #evict(): void {
    let entry = (this.#hand ?? this.#oldest) as Entry
    while (entry.wasRead) {
      entry.wasRead = false
      entry = (entry.newer ?? this.#oldest) as Entry
    }
    this.#hand = entry
    this.delete(entry.key)
  }
}
