/**
 * Tells which uses a plain LRU of the same size would have answered, without keeping one.
 *
 * @internal
 */
import { between, isBefore } from "./Ticks.ts"

/**
 * Estimates for how long an LRU keeps an entry that is not used again: it evicts an entry once as many others were used
 * as it holds, so that is the time in which so many different entries are used.
 */
export class LruWindow {
  #start: number
  #different = 0
  /** In ticks; at first longer than any time between two of them. */
  #length = 2 ** 32

  constructor(now: number) {
    this.#start = now
  }

  /** Counts a use at `now` of an entry last used at `before`, or never, in a cache of `size` entries. */
  count(before: number | undefined, now: number, size: number): void {
    if (before !== undefined && !isBefore(before, this.#start)) return
    if (++this.#different < size) return
    this.#length = between(this.#start, now)
    this.#start = now
    this.#different = 0
  }

  /** True if an LRU would have kept an entry that was used at `before` and not again until `now`. */
  holds(before: number, now: number): boolean {
    return between(before, now) <= this.#length
  }
}
