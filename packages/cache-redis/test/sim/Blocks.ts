/** The times in which the event loop of the simulated processes was blocked. */

/** How long a loop that was blocked reads before anything is judged, at most, in milliseconds. */
const longestGrace = 100

interface Block {
  readonly end: number
  /** For how long it puts off what is due, in milliseconds: a loop that was blocked reads first. */
  readonly grace: number
}

/** The most blocks that are remembered: more than there are in the longest operation. */
const mostBlocks = 16

export class Blocks {
  /** Milliseconds so far. */
  total = 0
  readonly #blocks: Array<Block> = []

  /** Notes a block of so many milliseconds that ends now. */
  add(millis: number, now: number): void {
    this.total += millis
    this.#blocks.push({ end: now, grace: Math.min(longestGrace, millis) })
    if (this.#blocks.length > mostBlocks) this.#blocks.shift()
  }

  /** The time by which blocks put off what began at an instant, beyond their own length, in milliseconds. */
  graceSince(began: number): number {
    let grace = 0
    for (const block of this.#blocks) if (block.end > began - block.grace) grace += block.grace
    return grace
  }
}
