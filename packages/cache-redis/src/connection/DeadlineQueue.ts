/**
 * Deadlines of many commands by one timer.
 *
 * Nearly all are of the same length, so that calls end in the order in which they began: a list in the order of the
 * deadlines, and a timer for its head, are enough.
 *
 * @internal
 */

import * as CoarseClock from "../platform/CoarseClock.ts"
import { clearImmediate, clearTimeout, performance, setImmediate, setTimeout } from "../platform/Platform.ts"

/** What has a deadline. The fields are the list's. */
export interface Timed {
  deadline: number
  previous: Timed | undefined
  next: Timed | undefined
}

/** How late a timer fires on a loop that was not blocked, in milliseconds. */
const punctual = 15

/** The most that a loop that was blocked is given to write and read before anything is judged, in milliseconds. */
const longestGrace = 100

/** A list of calls in the order of their deadlines. */
export class DeadlineQueue<C extends Timed> {
  readonly #millis: number
  readonly #expire: (call: C) => void
  #head: C | undefined
  #tail: C | undefined
  #size = 0
  /**
   * The call that was last put between others: thousands that were redirected together come in the order of their
   * deadlines, each to the place behind the one before.
   */
  #inserted: C | undefined
  /** When the timer is to fire. */
  #due = 0
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  /** When the first call of this turn of the event loop was added. */
  #turn: number | undefined
  /** The deadlines of what began in the last turn that was blocked, and when all of them are over instead. */
  #movedFrom = 0
  #movedTo = 0

  constructor(millis: number, expire: (call: C) => void) {
    this.#millis = millis
    this.#expire = expire
  }

  get size(): number {
    return this.#size
  }

  /** Begins the time of a call: the usual length, or what is left of a deadline that began elsewhere. */
  add(call: C, deadline?: number): void {
    const now = CoarseClock.now()
    if (this.#turn === undefined) {
      this.#turn = now
      setImmediate(this.#endTurn)
    }
    call.deadline = deadline === undefined ? now + this.#millis : this.#fair(deadline, now)
    let before = this.#tail
    if (before !== undefined && before.deadline > call.deadline) {
      before = this.#lastBefore(call.deadline)
      this.#inserted = call
    }
    const after = before === undefined ? this.#head : (before.next as C | undefined)
    call.previous = before
    call.next = after
    if (before === undefined) this.#head = call
    else before.next = call
    if (after === undefined) this.#tail = call
    else after.previous = call
    this.#size++
    if (this.#head === call) this.#rearm(now)
  }

  /**
   * The deadline of a step of what began elsewhere. A step begins behind its deadline only on a loop that was blocked: the
   * one before had its reply by then.
   */
  #fair(deadline: number, now: number): number {
    if (deadline >= this.#movedFrom && deadline < this.#movedTo) return this.#movedTo
    return deadline > now ? deadline : now + Math.min(now - deadline, longestGrace)
  }

  /** The last call that ends by this deadline. */
  #lastBefore(deadline: number): C | undefined {
    let call = this.#inserted ?? this.#tail
    while (call !== undefined && call.deadline > deadline) call = call.previous as C | undefined
    if (call === undefined) return undefined
    while (call.next !== undefined && call.next.deadline <= deadline) call = call.next as C
    return call
  }

  /** Takes a call out of the list, if it is in it. */
  remove(call: C): void {
    if (call.previous !== undefined) call.previous.next = call.next
    else if (this.#head === call) this.#head = call.next as C | undefined
    else return
    if (call.next === undefined) this.#tail = call.previous as C | undefined
    else call.next.previous = call.previous
    if (this.#inserted === call) this.#inserted = call.previous as C | undefined
    call.previous = undefined
    call.next = undefined
    this.#size--
  }

  /** Takes every call out of the list, in order. */
  drain(): ReadonlyArray<C> {
    const calls: Array<C> = []
    while (this.#head !== undefined) {
      calls.push(this.#head)
      this.remove(this.#head)
    }
    return calls
  }

  /** Leaves no timer behind. */
  stop(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
    this.#timer = undefined
    this.#immediate = undefined
  }

  /** What was asked in a turn that was blocked is written only now: its time begins now too. */
  readonly #endTurn = (): void => {
    const began = this.#turn as number
    this.#turn = undefined
    const now = performance.now()
    if (now - began <= punctual) return
    // A deadline that began elsewhere began a moment before.
    this.#movedFrom = began - 1 + this.#millis
    this.#movedTo = now + this.#millis
    for (let call = this.#tail; call !== undefined; call = call.previous as C | undefined) {
      if (call.deadline < this.#movedFrom) return
      call.deadline = this.#movedTo
    }
  }

  /** Sets the timer for the head, unless one is set that fires before. */
  #rearm(now: number): void {
    if (this.#head === undefined || this.#immediate !== undefined) return
    if (this.#timer !== undefined) {
      if (this.#due <= this.#head.deadline) return
      clearTimeout(this.#timer)
    }
    this.#due = this.#head.deadline
    this.#timer = setTimeout(
      () => {
        // A late timer means that the loop was blocked: what was answered meanwhile waits in the socket, and what was
        // asked meanwhile was not written yet.
        const late = performance.now() - this.#due
        if (late > punctual) this.#timer = setTimeout(this.#letRepliesIn, Math.min(late, longestGrace))
        else this.#letRepliesIn()
      },
      Math.max(1, this.#due - now)
    )
  }

  readonly #letRepliesIn = (): void => {
    this.#timer = undefined
    this.#immediate = setImmediate(() => {
      this.#immediate = undefined
      this.#judge()
    })
  }

  #judge(): void {
    // A timer may fire a fraction of a millisecond early.
    const now = performance.now() + 1
    while (this.#head !== undefined && this.#head.deadline <= now) {
      const call = this.#head
      this.remove(call)
      this.#expire(call)
    }
    this.#rearm(now)
  }
}

/** Calls back when so many milliseconds are over, on a loop that was blocked not before replies were read. Returns what clears it. */
export const startDeadline = (millis: number, onOver: () => void): (() => void) => {
  const deadlines = new DeadlineQueue<Timed>(millis, onOver)
  deadlines.add({ deadline: 0, previous: undefined, next: undefined })
  return () => {
    deadlines.drain()
    deadlines.stop()
  }
}
