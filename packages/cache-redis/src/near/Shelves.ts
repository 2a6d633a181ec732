/**
 * Values by a key in two parts, prefix and rest: joining the two makes a text to be hashed, which costs more than the rest
 * of a look-up.
 *
 * @internal
 */

/** A map by rest for each prefix. None of them is empty, so that prefixes that come and go leave nothing behind. */
export class Shelves<A> {
  readonly #shelves = new Map<string, Map<string, A>>()
  /** The prefix that was looked up last, and its shelf: callers of one prefix come in a row. */
  #prefix: string | undefined
  #shelf: Map<string, A> | undefined

  /** The number of prefixes. */
  get size(): number {
    return this.#shelves.size
  }

  get(prefix: string, rest: string): A | undefined {
    return this.#of(prefix)?.get(rest)
  }

  set(prefix: string, rest: string, value: A): void {
    const shelf = this.#of(prefix)
    if (shelf !== undefined) {
      shelf.set(rest, value)
      return
    }
    this.#shelves.set(prefix, new Map([[rest, value]]))
    this.#prefix = undefined
  }

  delete(prefix: string, rest: string): void {
    const shelf = this.#of(prefix)
    if (shelf === undefined || !shelf.delete(rest) || shelf.size > 0) return
    this.#shelves.delete(prefix)
    this.#shelf = undefined
  }

  clear(): void {
    this.#shelves.clear()
    this.#shelf = undefined
  }

  #of(prefix: string): Map<string, A> | undefined {
    if (prefix !== this.#prefix) {
      this.#prefix = prefix
      this.#shelf = this.#shelves.get(prefix)
    }
    return this.#shelf
  }
}
