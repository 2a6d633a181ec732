/**
 * Remembers which keys were read. Keys that are read only once are not cached: they evict nothing and cost no further
 * command.
 *
 * Holds hashes, in two generations of bounded size. Two keys of one hash are taken for each other, which does no harm.
 *
 * @internal
 */

/** The keys of recent reads. */
export class Doorkeeper {
  readonly #size: number
  #recent = new Set<number>()
  #before = new Set<number>()

  /** Remembers at least the last `size` keys, and at most twice as many. */
  constructor(size: number) {
    this.#size = size
  }

  /** True if this key has come before. From now on it has. */
  knows(key: string): boolean {
    const hash = hashOf(key)
    if (this.#recent.has(hash)) return true
    if (this.#recent.size >= this.#size) {
      this.#before = this.#recent
      this.#recent = new Set()
    }
    this.#recent.add(hash)
    return this.#before.has(hash)
  }
}

/** FNV-1a, in 30 bits, which V8 holds without an object: http://www.isthe.com/chongo/tech/comp/fnv/ */
const hashOf = (key: string): number => {
  let hash = 0x811c9dc5
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
  return hash & 0x3fffffff
}
