/**
 * Keys whose lookup failed a moment ago, so that not every read looks up at a failing source.
 *
 * @internal
 */
import { Cause, Exit } from "effect"

/** The number of keys that are remembered at least; twice as many at most. */
const least = 10_000

interface Failure<E> {
  readonly at: number
  /** Undefined for a failure that is not repeated: a defect, or an interruption. */
  readonly exit: Exit.Exit<never, E> | undefined
  /** The number of invalidations of tags before it. */
  readonly tagChanges: number
}

/** Durations and times are in milliseconds, by a clock that nobody sets. */
export class Failures<E> {
  readonly #retryAfter: number
  readonly #failureTtl: number
  #recent = new Map<string, Failure<E>>()
  /** Those that failed before, forgotten all at once. */
  #older = new Map<string, Failure<E>>()

  constructor({ failureTtl, retryAfter }: { readonly failureTtl: number; readonly retryAfter: number }) {
    this.#retryAfter = retryAfter
    this.#failureTtl = failureTtl
  }

  add(text: string, cause: Cause.Cause<E>, now: number, tagChanges = 0): void {
    if (this.#recent.size >= least) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    const isOwn = cause.reasons.every(Cause.isFailReason)
    const exit = this.#failureTtl > 0 && isOwn ? Exit.failCause(cause) : undefined
    this.#recent.set(text, { at: now, exit, tagChanges })
  }

  delete(text: string): void {
    if (this.#recent.size > 0) this.#recent.delete(text)
    if (this.#older.size > 0) this.#older.delete(text)
  }

  clear(): void {
    this.#recent.clear()
    this.#older.clear()
  }

  /** True while a key with a value to serve is not looked up again. */
  isResting(text: string, now: number): boolean {
    return this.#since(text, now - this.#retryAfter) !== undefined
  }

  /** The failure of reads that would look up, unless tags were invalidated since. */
  exitOf(text: string, now: number, tagChanges = 0): Exit.Exit<never, E> | undefined {
    const failure = this.#since(text, now - this.#failureTtl)
    return failure?.tagChanges === tagChanges ? failure.exit : undefined
  }

  #since(text: string, moment: number): Failure<E> | undefined {
    if (this.#recent.size === 0 && this.#older.size === 0) return undefined
    const failure = this.#recent.get(text) ?? this.#older.get(text)
    return failure !== undefined && failure.at > moment ? failure : undefined
  }
}
