/**
 * The entries of a memory cache, with their expiry and their bounds. Knows neither Effect nor the port; every operation
 * takes the time as an argument.
 *
 * @internal
 */
import { Eviction } from "./Eviction.ts"
import { ExpiryHeap } from "./ExpiryHeap.ts"
import { hashOf } from "./Ghosts.ts"
import { ownCopy } from "./ownCopy.ts"
import { grown, lengthFor } from "./SlotArrays.ts"
import { SlotIndex } from "./SlotIndex.ts"

/** The bounds of a store. */
export interface Bounds {
  /** The most entries. */
  readonly maxEntries: number
  /** The most bytes, as `weigh` counts them. */
  readonly maxBytes: number
  /** The bytes of one entry, less than 2^32. */
  readonly weigh: (key: string, value: string) => number
}

/** The most entries of any store: arrays of more slots than twice these are beyond what V8 makes. */
export const mostEntries = 2 ** 26

/** Expired entries that one operation reclaims at most, so that none pays for a burst of them. */
const reclaimedAtOnce = 64

/**
 * Entries by key. When the bounds are reached, the expired go first, and then whom `Eviction` chooses.
 *
 * An entry is a slot: a number under which each array here holds a part of it. Slots of removed entries are used again.
 */
export class Store {
  readonly #bounds: Bounds
  readonly #weighs: boolean
  readonly #maxEntries: number
  readonly #slots = new SlotIndex()
  readonly #expiries = new ExpiryHeap()
  /** None without bounds, where nobody is ever evicted. */
  readonly #eviction: Eviction | undefined
  #keys: Array<string> = []
  #values: Array<string> = []
  #free: Array<number> = []
  #weights = new Uint32Array(0)
  #bytes = 0
  /** Counts the walks that have begun. */
  #walks = 0
  /** By slot: how many walks had begun when its entry was added. Empty until the first one has. */
  #walksBefore = new Uint32Array(0)

  constructor(bounds: Bounds) {
    this.#bounds = bounds
    this.#maxEntries = Math.min(bounds.maxEntries, mostEntries)
    this.#weighs = bounds.maxBytes !== Infinity
    this.#eviction =
      this.#weighs || bounds.maxEntries !== Infinity
        ? new Eviction((slot) => hashOf(this.#keys[slot] as string))
        : undefined
  }

  /** Entries held, expired ones that were not reclaimed yet among them. */
  get size(): number {
    return this.#slots.size
  }

  /** Bytes held, as `weigh` counts them. */
  get bytes(): number {
    return this.#bytes
  }

  /** True if any entry expires. Where none does, an operation ignores the time. */
  get expires(): boolean {
    return this.#expiries.size > 0
  }

  /** The live value. Reading it is a use of the entry. */
  get(key: string, now: number): string | undefined {
    const slot = this.#live(key, now)
    if (slot === undefined) return undefined
    this.#eviction?.use(slot)
    return this.#values[slot]
  }

  /** True if the key is live. Not a use of the entry. */
  has(key: string, now: number): boolean {
    return this.#live(key, now) !== undefined
  }

  /** When a live entry expires, `Infinity` for never, `undefined` for an absent key. */
  expiresAt(key: string, now: number): number | undefined {
    const slot = this.#live(key, now)
    return slot === undefined ? undefined : this.#expiries.timeOf(slot)
  }

  /** True if one entry alone is within the bounds. */
  fits(key: string, value: string): boolean {
    return (
      !this.#weighs ||
      // No character of UTF-16 has more than three bytes of UTF-8.
      (key.length + value.length) * 3 <= this.#bounds.maxBytes ||
      this.#bounds.weigh(key, value) <= this.#bounds.maxBytes
    )
  }

  /** True if so many more entries have a place, at the cost of others where there are bounds. */
  hasRoom(entries: number): boolean {
    return this.#eviction !== undefined || this.#slots.size + entries <= mostEntries
  }

  /**
   * Replaces value and expiry of an entry that fits, and evicts others so that the bounds hold. False, and nothing is
   * changed, where there is no place for one more and no bounds by which to evict.
   */
  set(key: string, value: string, expiresAt: number, now: number): boolean {
    this.reclaim(now, reclaimedAtOnce)
    const bytes = this.#weighs ? this.#bounds.weigh(key, value) : 0
    const slot = this.#live(key, now)
    if (slot !== undefined) this.#replace(slot, value, bytes, expiresAt, now)
    else if (this.hasRoom(1)) this.#add(key, value, bytes, expiresAt, now)
    else return false
    return true
  }

  /** Gives a live entry another expiry. False for an absent key. */
  expire(key: string, expiresAt: number, now: number): boolean {
    const slot = this.#live(key, now)
    if (slot === undefined) return false
    this.#expiries.set(slot, expiresAt)
    return true
  }

  /** Removes an entry. True if it was live. */
  delete(key: string, now: number): boolean {
    const slot = this.#live(key, now)
    if (slot === undefined) return false
    this.#remove(slot)
    return true
  }

  /** Removes everything. */
  clear(): void {
    this.#slots.clear()
    this.#expiries.clear()
    this.#eviction?.clear()
    this.#keys = []
    this.#values = []
    this.#free = []
    this.#bytes = 0
  }

  /**
   * Begins a walk over the keys held now, in no order; `undefined` is its end, and the empty text a place without a key.
   * No key comes twice, and none that is added later, so that a walk ends under any load.
   */
  walk(): () => string | undefined {
    const slots = this.#keys.length
    const walk = ++this.#walks
    let slot = 0
    return () => {
      if (slot === slots) return undefined
      const key = this.#keys[slot] ?? ""
      return (this.#walksBefore[slot++] ?? 0) < walk ? key : ""
    }
  }

  /** Removes expired entries, at most `limit` of them. True if more are left. */
  reclaim(now: number, limit: number): boolean {
    for (let reclaimed = 0; ; reclaimed++) {
      const slot = this.#expiries.firstExpired(now)
      if (slot === -1) return false
      if (reclaimed === limit) return true
      this.#remove(slot)
    }
  }

  #live(key: string, now: number): number | undefined {
    const slot = this.#slots.get(key)
    if (slot === undefined || this.#expiries.timeOf(slot) > now) return slot
    this.#remove(slot)
    return undefined
  }

  #add(key: string, value: string, bytes: number, expiresAt: number, now: number): void {
    this.#makeRoom(1, bytes, now)
    const slot = this.#free.pop() ?? this.#keys.length
    const heldKey = this.#held(key)
    this.#keys[slot] = heldKey
    this.#values[slot] = this.#held(value)
    if (this.#weighs) this.#weigh(slot, bytes)
    if (this.#walks > 0) this.#addDuringWalks(slot)
    this.#slots.add(heldKey, slot)
    this.#expiries.set(slot, expiresAt)
    this.#eviction?.enter(slot)
  }

  #replace(slot: number, value: string, bytes: number, expiresAt: number, now: number): void {
    this.#eviction?.use(slot)
    this.#values[slot] = this.#held(value)
    this.#expiries.set(slot, expiresAt)
    if (!this.#weighs) return
    const before = this.#weights[slot] as number
    this.#weigh(slot, bytes)
    this.#bytes -= before
    if (this.#bytes <= this.#bounds.maxBytes) return
    // Whoever has to make room for it, the entry itself is not asked.
    this.#eviction?.leave(slot)
    this.#makeRoom(0, 0, now)
    this.#eviction?.back(slot)
  }

  /** Text as it is held: a copy where bytes are bounded, since a part of a larger text would hold all of that. */
  #held(text: string): string {
    return this.#weighs ? ownCopy(text) : text
  }

  #addDuringWalks(slot: number): void {
    if (slot >= this.#walksBefore.length) {
      this.#walksBefore = grown(this.#walksBefore, lengthFor(slot, this.#walksBefore.length))
    }
    this.#walksBefore[slot] = this.#walks
  }

  #weigh(slot: number, bytes: number): void {
    if (slot >= this.#weights.length) this.#weights = grown(this.#weights, lengthFor(slot, this.#weights.length))
    this.#weights[slot] = bytes
    this.#bytes += bytes
  }

  #makeRoom(entries: number, bytes: number, now: number): void {
    const { maxBytes } = this.#bounds
    while (this.#slots.size + entries > this.#maxEntries || this.#bytes + bytes > maxBytes) {
      const expired = this.#expiries.firstExpired(now)
      if (expired !== -1) this.#remove(expired)
      else this.#drop((this.#eviction as Eviction).evict())
    }
  }

  #remove(slot: number): void {
    this.#eviction?.leave(slot)
    this.#drop(slot)
  }

  #drop(slot: number): void {
    this.#slots.remove(this.#keys[slot] as string)
    this.#expiries.remove(slot)
    if (this.#weighs) this.#bytes -= this.#weights[slot] as number
    this.#keys[slot] = ""
    this.#values[slot] = ""
    this.#free.push(slot)
  }
}
