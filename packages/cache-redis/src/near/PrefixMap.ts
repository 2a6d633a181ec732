/**
 * Values by a key in two parts, prefix and rest: joining the two makes a text to be hashed, which costs more than the rest
 * of a look-up.
 *
 * @internal
 */

/** A map by rest for each prefix. None of them is empty, so that prefixes that come and go leave nothing behind. */
export class PrefixMap<A> {
  readonly #byPrefix = new Map<string, Map<string, A>>()
  /** The prefix that was looked up last, and its map: callers of one prefix come in a row. */
  #prefix: string | undefined
  #last: Map<string, A> | undefined

  /** The number of prefixes. */
  get size(): number {
    return this.#byPrefix.size
  }

  get(prefix: string, rest: string): A | undefined {
    return this.#of(prefix)?.get(rest)
  }

  set(prefix: string, rest: string, value: A): void {
    const byRest = this.#of(prefix)
    if (byRest !== undefined) {
      byRest.set(rest, value)
      return
    }
    this.#byPrefix.set(prefix, new Map([[rest, value]]))
    this.#prefix = undefined
  }

  delete(prefix: string, rest: string): void {
    const byRest = this.#of(prefix)
    if (byRest === undefined || !byRest.delete(rest) || byRest.size > 0) return
    this.#byPrefix.delete(prefix)
    this.#last = undefined
  }

  clear(): void {
    this.#byPrefix.clear()
    this.#last = undefined
  }

  #of(prefix: string): Map<string, A> | undefined {
    if (prefix !== this.#prefix) {
      this.#prefix = prefix
      this.#last = this.#byPrefix.get(prefix)
    }
    return this.#last
  }
}
