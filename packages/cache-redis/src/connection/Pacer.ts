/**
 * When callers are given their answers. They ask again at once, so who is told when decides whether client and server
 * work at the same time, or wait for each other in turn.
 *
 * @internal
 */

import { setImmediate } from "../platform/Platform.ts"
import type { Call } from "./Call.ts"
import { partOf } from "./Halving.ts"

/** What a pacer needs of its connection. */
export interface PacerOptions {
  /** Whether the server has nothing to do. */
  readonly isQuiet: () => boolean
  /** Told when callers were given answers that had to wait. */
  readonly onGiven: () => void
}

/**
 * So much work keeps both sides busy for longer than it takes to write once more. What less work asks gains more from
 * going out together: a get with 512 in flight is a tenth slower where 512 are much.
 */
const much = 600

/** Gives answers to callers, some of them a turn of the event loop later. */
export class Pacer {
  readonly #options: PacerOptions
  /** Whether what callers ask who were given much has not been written yet. */
  #isMuchAsked = false
  #held = 0

  constructor(options: PacerOptions) {
    this.#options = options
  }

  /** How many calls have an answer, and a caller that was not given it yet. */
  get held(): number {
    return this.#held
  }

  /** Gives answers, behind those that wait. What was asked by others who were given much goes out first. */
  give(calls: ReadonlyArray<Call>): void {
    if (this.#isMuchAsked) {
      this.#onceWritten(calls, (held) => this.give(held))
      return
    }
    const work = workOf(calls)
    // Where the server would have nothing to do, half of them wait until it has what the others ask.
    const first = this.#options.isQuiet() ? firstOf(calls, partOf(work)) : calls.length
    giveEach(calls, 0, first)
    if (work >= much) {
      this.#isMuchAsked = true
      this.#onceWritten([], () => {
        this.#isMuchAsked = false
      })
    }
    if (first < calls.length) this.#onceWritten(calls.slice(first), (others) => giveEach(others, 0, others.length))
  }

  /** Runs when what was asked so far in this turn has been written: that is planned by then, as is what is gathered. */
  #onceWritten(held: ReadonlyArray<Call>, run: (held: ReadonlyArray<Call>) => void): void {
    this.#held += held.length
    process.nextTick(setImmediate, () => {
      this.#held -= held.length
      run(held)
      if (held.length > 0) this.#options.onGiven()
    })
  }
}

const giveEach = (calls: ReadonlyArray<Call>, from: number, to: number): void => {
  for (let index = from; index < to; index++) {
    const call = calls[index] as Call
    call.finish(call.answer)
  }
}

const workOf = (calls: ReadonlyArray<Call>): number => {
  let work = 0
  for (const call of calls) work += call.weight
  return work
}

/** How many of these calls, from the first on, make up so much work. */
const firstOf = (calls: ReadonlyArray<Call>, work: number): number => {
  let count = 0
  for (let done = 0; done < work; count++) done += (calls[count] as Call).weight
  return count
}
