/**
 * Deadlines of many calls, all of the same length, by one timer.
 *
 * Calls end in the order in which they began, so a list and a timer for its head are enough.
 *
 * @internal
 */

/** What has a deadline. The fields are the list's. */
export interface Timed {
  deadline: number
  previous: Timed | undefined
  next: Timed | undefined
}

/** How late a timer fires on a loop that was not blocked, in milliseconds. */
const punctual = 15

/** What a loop that was blocked is given to write and read, in milliseconds, before anything is judged. */
const grace = 25

/** A list of calls in the order of their deadlines. */
export class Deadlines<C extends Timed> {
  readonly #millis: number
  readonly #expire: (call: C) => void
  #head: C | undefined
  #tail: C | undefined
  #size = 0
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined

  constructor(millis: number, expire: (call: C) => void) {
    this.#millis = millis
    this.#expire = expire
  }

  get size(): number {
    return this.#size
  }

  /** Begins the time of a call. */
  add(call: C): void {
    call.deadline = performance.now() + this.#millis
    call.previous = this.#tail
    if (this.#tail === undefined) this.#head = call
    else this.#tail.next = call
    this.#tail = call
    this.#size++
    if (this.#timer === undefined && this.#immediate === undefined) this.#arm(this.#millis)
  }

  /** Takes a call out of the list. */
  remove(call: C): void {
    if (call.previous === undefined) this.#head = call.next as C | undefined
    else call.previous.next = call.next
    if (call.next === undefined) this.#tail = call.previous as C | undefined
    else call.next.previous = call.previous
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

  #arm(millis: number): void {
    const due = performance.now() + millis
    this.#timer = setTimeout(() => {
      // A late timer means that the loop was blocked: what was answered meanwhile waits in the socket.
      if (performance.now() - due > punctual) this.#timer = setTimeout(this.#letRepliesIn, grace)
      else this.#letRepliesIn()
    }, millis)
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
    if (this.#head !== undefined && this.#timer === undefined && this.#immediate === undefined) {
      this.#arm(Math.max(1, this.#head.deadline - now))
    }
  }
}
