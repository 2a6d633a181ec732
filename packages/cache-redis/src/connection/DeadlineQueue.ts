/**
 * Deadlines of many commands by one timer.
 *
 * Nearly all have the same length, so that commands expire in the order in which they began: a list in the order of the
 * deadlines, and a timer for its head, are enough.
 *
 * @internal
 */
import * as CoarseClock from "../platform/CoarseClock.ts"
import { clearImmediate, clearTimeout, performance, setImmediate, setTimeout } from "../platform/Platform.ts"

/** An element with a deadline. The fields belong to the queue. */
export class Timed {
  deadline = 0
  previous: Timed | undefined
  next: Timed | undefined
}

/** The delay up to which a timer proves that the event loop was not blocked, in milliseconds. */
const punctual = 15

/** The most time that a blocked loop has to write and read before anything expires, in milliseconds. */
const longestGrace = 100

/** A list in the order of the deadlines. */
export class DeadlineQueue<T extends Timed> {
  readonly #millis: number
  readonly #expire: (element: T) => void
  #head: T | undefined
  #tail: T | undefined
  #size = 0
  /**
   * The element that was last put between others: thousands that were redirected together come in the order of their
   * deadlines, each to the place behind the one before.
   */
  #inserted: T | undefined
  /** When the timer fires, on `performance`'s clock. */
  #due = 0
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  /** When the first element of this turn of the event loop was added. */
  #turn: number | undefined
  /** The deadlines of what began in the last turn that was blocked, and when all of them are over instead. */
  #movedFrom = 0
  #movedTo = 0

  constructor(millis: number, expire: (element: T) => void) {
    this.#millis = millis
    this.#expire = expire
  }

  get size(): number {
    return this.#size
  }

  /** Begins the time of an element: the usual length, or what is left of a deadline that began elsewhere. */
  add(element: T, deadline?: number): void {
    const now = CoarseClock.now()
    if (this.#turn === undefined) {
      this.#turn = now
      setImmediate(this.#endTurn)
    }
    element.deadline = deadline === undefined ? now + this.#millis : this.#fair(deadline, now)
    let before = this.#tail
    if (before !== undefined && before.deadline > element.deadline) {
      before = this.#lastBefore(element.deadline)
      this.#inserted = element
    }
    const after = before === undefined ? this.#head : (before.next as T | undefined)
    element.previous = before
    element.next = after
    if (before === undefined) this.#head = element
    else before.next = element
    if (after === undefined) this.#tail = element
    else after.previous = element
    this.#size++
    if (this.#head === element) this.#rearm(now)
  }

  /**
   * The deadline of a step of what began elsewhere. A step begins behind its deadline only on a loop that was blocked: the
   * one before had its reply by then.
   */
  #fair(deadline: number, now: number): number {
    if (deadline >= this.#movedFrom && deadline < this.#movedTo) return this.#movedTo
    return deadline > now ? deadline : now + Math.min(now - deadline, longestGrace)
  }

  /** The last element that ends by this deadline. */
  #lastBefore(deadline: number): T | undefined {
    let element = this.#inserted ?? this.#tail
    while (element !== undefined && element.deadline > deadline) element = element.previous as T | undefined
    if (element === undefined) return undefined
    while (element.next !== undefined && element.next.deadline <= deadline) element = element.next as T
    return element
  }

  /** Takes an element out of the list, if it is in it. */
  remove(element: T): void {
    if (element.previous !== undefined) element.previous.next = element.next
    else if (this.#head === element) this.#head = element.next as T | undefined
    else return
    if (element.next === undefined) this.#tail = element.previous as T | undefined
    else element.next.previous = element.previous
    if (this.#inserted === element) this.#inserted = element.previous as T | undefined
    element.previous = undefined
    element.next = undefined
    this.#size--
  }

  /** Takes every element out of the list, in order. */
  drain(): ReadonlyArray<T> {
    const elements: Array<T> = []
    while (this.#head !== undefined) {
      elements.push(this.#head)
      this.remove(this.#head)
    }
    return elements
  }

  /** Leaves no timer behind. */
  stop(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
    this.#timer = undefined
    this.#immediate = undefined
  }

  /** Commands of a blocked turn are written only now: their time begins now too. */
  readonly #endTurn = (): void => {
    const began = this.#turn as number
    this.#turn = undefined
    const now = performance.now()
    if (now - began <= punctual) return
    // A deadline that began elsewhere began a moment before.
    this.#movedFrom = began - 1 + this.#millis
    this.#movedTo = now + this.#millis
    for (let element = this.#tail; element !== undefined; element = element.previous as T | undefined) {
      if (element.deadline < this.#movedFrom) return
      element.deadline = this.#movedTo
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
        // A late timer means that the loop was blocked: replies wait in the socket, and commands to be written.
        const late = performance.now() - this.#due
        if (late > punctual) this.#putOff(Math.min(late, longestGrace))
        else this.#letRepliesIn()
      },
      Math.max(1, this.#due - now)
    )
  }

  /** Puts off all that is due by then. A next step gets no further time: its deadline is the same. */
  #putOff(millis: number): void {
    const until = performance.now() + millis
    for (let element = this.#head; element !== undefined; element = element.next as T | undefined) {
      if (element.deadline >= until) break
      element.deadline = until
    }
    this.#timer = setTimeout(this.#letRepliesIn, millis)
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
      const element = this.#head
      this.remove(element)
      this.#expire(element)
    }
    this.#rearm(now)
  }
}

/** Calls back when so many milliseconds are over, on a loop that was blocked not before replies were read. Returns what clears it. */
export const startDeadline = (millis: number, onOver: () => void): (() => void) => {
  const deadlines = new DeadlineQueue<Timed>(millis, onOver)
  deadlines.add(new Timed())
  return () => {
    deadlines.drain()
    deadlines.stop()
  }
}
