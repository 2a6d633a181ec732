/**
 * A set of keys, as large as memory.
 *
 * @internal
 */

/** The most keys of one `Set`: V8's throws beyond 2^24. */
const keysOfOneSet = 2 ** 23

/** A set of keys that consists of several `Set`s where one has no room for all. */
export class DistinctKeys {
  readonly #most: number
  #last = new Set<string>()
  readonly #full: Array<Set<string>> = []

  /** `most` is the largest number of keys in one `Set`. */
  constructor(most = keysOfOneSet) {
    this.#most = most
  }

  /** Adds a key. True if it is new. */
  add(key: string): boolean {
    if (this.#last.has(key) || this.#full.some((keys) => keys.has(key))) return false
    if (this.#last.size === this.#most) {
      this.#full.push(this.#last)
      this.#last = new Set()
    }
    this.#last.add(key)
    return true
  }
}
