/**
 * The slot of each key, for as many keys as memory holds.
 *
 * @internal
 */

/**
 * The most keys of one `Map`. V8's holds 2^24, removed ones that it has not cleared away yet among them, and throws beyond
 * that; it clears them away once they are half of it, so half of it is always free to use.
 */
const keysOfOneMap = 2 ** 23

/** A map from keys to slots that is made of several where one has not room for all. */
export class SlotIndex {
  readonly #most: number
  #first = new Map<string, number>()
  /** The maps of the keys for which there was no room in those before. None of them is empty. */
  #others: Array<Map<string, number>> = []
  #size = 0

  /** `most` is the number of keys of one map. */
  constructor(most = keysOfOneMap) {
    this.#most = most
  }

  /** The number of keys. */
  get size(): number {
    return this.#size
  }

  get(key: string): number | undefined {
    const slot = this.#first.get(key)
    return slot !== undefined || this.#others.length === 0 ? slot : this.#getFromOthers(key)
  }

  /** Adds a key that is absent. */
  add(key: string, slot: number): void {
    this.#size++
    if (this.#first.size < this.#most) this.#first.set(key, slot)
    else this.#mapWithRoom().set(key, slot)
  }

  /** Removes a key that is there. */
  remove(key: string): void {
    this.#size--
    if (this.#first.delete(key)) return
    const at = this.#others.findIndex((map) => map.delete(key))
    if (this.#others[at]?.size === 0) this.#others.splice(at, 1)
  }

  clear(): void {
    this.#first = new Map()
    this.#others = []
    this.#size = 0
  }

  #getFromOthers(key: string): number | undefined {
    for (const map of this.#others) {
      const slot = map.get(key)
      if (slot !== undefined) return slot
    }
    return undefined
  }

  #mapWithRoom(): Map<string, number> {
    const found = this.#others.find((map) => map.size < this.#most)
    if (found !== undefined) return found
    const added = new Map<string, number>()
    this.#others.push(added)
    return added
  }
}
