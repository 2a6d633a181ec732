/**
 * When callers are given their answers. They ask again at once, so who is told when decides whether client and server
 * work at the same time, or wait for each other in turn.
 *
 * @internal
 */

import { setImmediate } from "../platform/Platform.ts"
import type { PendingCommand } from "./PendingCommand.ts"

/** What a pacer needs of its connection. */
export interface ReplyPacerOptions {
  /** Whether the server has nothing to do. */
  readonly isQuiet: () => boolean
  /** Told when callers were given answers that had to wait. */
  readonly onDelivered: () => void
}

/**
 * So much work keeps both sides busy for longer than it takes to write once more, so no more of it is given at once: the
 * process has other things to do, too. What less work asks gains more from going out together: a get with 512 in flight
 * is a tenth slower where 512 are much.
 */
const heavyBatch = 600

/** Gives answers to callers, some of them a turn of the event loop later. */
export class ReplyPacer {
  readonly #options: ReplyPacerOptions
  /** Whether what callers ask who were given much has not been written yet. */
  #isHeavyUnwritten = false
  #held = 0

  constructor(options: ReplyPacerOptions) {
    this.#options = options
  }

  /** How many calls have an answer, and a caller that was not given it yet. */
  get held(): number {
    return this.#held
  }

  /** Gives answers, behind those that wait. What was asked by others who were given much goes out first. */
  deliver(calls: ReadonlyArray<PendingCommand>): void {
    if (this.#isHeavyUnwritten) {
      this.#onceWritten(calls, (held) => this.deliver(held))
      return
    }
    const work = workOf(calls)
    // Where the server would have nothing to do, half of them wait until it has what the others ask.
    this.#deliverFirst(calls, work, this.#options.isQuiet() ? firstPartOf(work) : work)
  }

  /** Gives the first answers, as many as make up `part` of the work and no heavier batch, and then the others. */
  #deliverFirst(calls: ReadonlyArray<PendingCommand>, work: number, part: number): void {
    const most = Math.min(part, heavyBatch)
    const first = most < work ? firstOf(calls, most) : calls.length
    deliverEach(calls, 0, first)
    if (work >= heavyBatch) {
      this.#isHeavyUnwritten = true
      this.#onceWritten([], () => {
        this.#isHeavyUnwritten = false
      })
    }
    if (first < calls.length) {
      this.#onceWritten(calls.slice(first), (others) => {
        const rest = workOf(others)
        this.#deliverFirst(others, rest, rest)
      })
    }
  }

  /** Runs when what was asked so far in this turn has been written: that is planned by then, as is what is gathered. */
  #onceWritten(held: ReadonlyArray<PendingCommand>, run: (held: ReadonlyArray<PendingCommand>) => void): void {
    this.#held += held.length
    process.nextTick(setImmediate, () => {
      this.#held -= held.length
      run(held)
      if (held.length > 0) this.#options.onDelivered()
    })
  }
}

/** Work that is worth two parts: less takes no longer than the second part costs. */
const worthHalving = 32

/** The first part of so much work, in two parts where a server with nothing to do can then work on one of them. */
export const firstPartOf = (work: number): number => (work < worthHalving ? work : Math.ceil(work / 2))

const deliverEach = (calls: ReadonlyArray<PendingCommand>, from: number, to: number): void => {
  for (let index = from; index < to; index++) {
    const call = calls[index] as PendingCommand
    call.complete(call.result)
  }
}

const workOf = (calls: ReadonlyArray<PendingCommand>): number => {
  let work = 0
  for (const call of calls) work += call.weight
  return work
}

/** How many of these calls, from the first on, make up so much work. */
const firstOf = (calls: ReadonlyArray<PendingCommand>, work: number): number => {
  let count = 0
  for (let done = 0; done < work; count++) done += (calls[count] as PendingCommand).weight
  return count
}
