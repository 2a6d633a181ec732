/**
 * A command on its way.
 *
 * @internal
 */
import type { Answer, Callback } from "@hexcache/cache-port"
import type { Timed } from "./Deadlines.ts"
import * as Instant from "./Instant.ts"

/**
 * A call in flight. To node-redis it looks like the command's AbortSignal: the client hands over the means to take the
 * command back, and lets go of the signal in the moment in which it writes the command. A real signal would do the same
 * at several times the cost.
 */
export class Call implements Timed {
  deadline = 0
  previous: Timed | undefined
  next: Timed | undefined
  sent = false
  /** When it was written, on `performance`'s clock. */
  sentAt = 0
  /** Whether it is in the connection's list: false once it was answered, ran out of time, or lost its connection. */
  waiting = true
  /** Replies of the connection when the call began. */
  readonly repliesBefore: number
  /** As `Command` has it. */
  readonly weight: number
  /** The number of the marker behind it. */
  marker = 0
  /** The answer, once there is one: kept until it is known that it is this call's. */
  answer: Answer<unknown> = undefined
  /** Unset once the caller has its answer, or has gone. */
  settle: Callback<unknown> | undefined
  readonly aborted = false
  #takeBack: (() => void) | undefined

  constructor(settle: Callback<unknown>, weight: number, repliesBefore: number) {
    this.settle = settle
    this.weight = weight
    this.repliesBefore = repliesBefore
  }

  addEventListener(_: "abort", takeBack: () => void): void {
    this.#takeBack = takeBack
  }

  removeEventListener(): void {
    this.#takeBack = undefined
    this.sent = true
    this.sentAt = Instant.now()
  }

  /** Takes an unsent command out of the client's queue, so that it is never sent. */
  takeBack(): void {
    const takeBack = this.#takeBack
    if (takeBack === undefined) return
    takeBack()
    this.sent = false
  }

  finish(answer: Answer<unknown>): void {
    const settle = this.settle
    this.settle = undefined
    // A call may live on in the client for a while, and is not to keep a large answer alive.
    this.answer = undefined
    settle?.(answer)
  }
}
