/**
 * Keys whose lookup failed a moment ago, so that a source that fails is not asked by every read.
 *
 * @internal
 */
import { Cause, Exit } from "effect"

/** How many keys are remembered; beyond that, the one that failed first is forgotten. */
const most = 10_000

interface Failure<E> {
  readonly at: number
  /** Undefined for what is not handed on: a defect, or an interruption. */
  readonly exit: Exit.Exit<never, E> | undefined
}

/** Durations and times are in milliseconds. */
export class Failures<E> {
  readonly #retryAfter: number
  readonly #failureTtl: number
  readonly #byText = new Map<string, Failure<E>>()

  constructor({ failureTtl, retryAfter }: { readonly failureTtl: number; readonly retryAfter: number }) {
    this.#retryAfter = retryAfter
    this.#failureTtl = failureTtl
  }

  add(text: string, cause: Cause.Cause<E>, now: number): void {
    this.#byText.delete(text)
    const isOwn = cause.reasons.every(Cause.isFailReason)
    this.#byText.set(text, { at: now, exit: isOwn ? Exit.failCause(cause) : undefined })
    if (this.#byText.size <= most) return
    const [oldest] = this.#byText.keys()
    if (oldest !== undefined) this.#byText.delete(oldest)
  }

  delete(text: string): void {
    if (this.#byText.size > 0) this.#byText.delete(text)
  }

  clear(): void {
    this.#byText.clear()
  }

  /** True while a value that is good enough meanwhile is not looked up again. */
  isResting(text: string, now: number): boolean {
    return this.#isWithin(this.#retryAfter, text, now)
  }

  /** The failure that is handed on to those who would look up. */
  exitOf(text: string, now: number): Exit.Exit<never, E> | undefined {
    return this.#isWithin(this.#failureTtl, text, now) ? this.#byText.get(text)?.exit : undefined
  }

  #isWithin(duration: number, text: string, now: number): boolean {
    const failure = this.#byText.size === 0 ? undefined : this.#byText.get(text)
    if (failure === undefined) return false
    if (now >= failure.at + Math.max(this.#retryAfter, this.#failureTtl)) this.#byText.delete(text)
    return now < failure.at + duration
  }
}
