/** All that happened in a simulation, in order, and its hash: the same for the same seed. */
import { createHash } from "node:crypto"

/** Events that are kept to be read; the hash is of all. */
const mostKept = 3_000

const linesAtOnce = 1_000

export class EventLog {
  /** Events so far. */
  length = 0
  readonly #now: () => number
  readonly #hash = createHash("sha256")
  #lines: Array<string> = []
  #unhashed = 0
  /** The instant of the last event, and its text. */
  #at = Number.NaN
  #instant = ""

  constructor(now: () => number) {
    this.#now = now
  }

  readonly add = (event: string): void => {
    this.length++
    const now = this.#now()
    if (now !== this.#at) {
      this.#at = now
      this.#instant = now.toFixed(2)
    }
    this.#lines.push(`${this.#instant} ${event}`)
    if (++this.#unhashed === linesAtOnce) this.#digest()
  }

  /** The last events that match, oldest first. */
  last(count: number, matches: (event: string) => boolean): ReadonlyArray<string> {
    return this.#lines.filter(matches).slice(-count)
  }

  get hash(): string {
    this.#digest()
    return this.#hash.copy().digest("hex").slice(0, 16)
  }

  #digest(): void {
    if (this.#unhashed === 0) return
    this.#hash.update(`${this.#lines.slice(-this.#unhashed).join("\n")}\n`)
    this.#unhashed = 0
    if (this.#lines.length > 2 * mostKept) this.#lines = this.#lines.slice(-mostKept)
  }
}
