/**
 * Invalidations that the store has not carried out yet.
 *
 * @internal
 */
import { Clock, Effect } from "effect"
import { elapsedBy } from "./LookupRequest.ts"
import type { Outcome } from "./Store.ts"

/** The most names that are pending one by one; beyond that, everything is. */
const most = 1_000

/** The number of names that are retried at a time, and the pause in milliseconds, after they failed together. */
const concurrency = 16
const pause = 1_000

/** Carries invalidations out in the store. */
export interface Invalidate {
  readonly names: (names: ReadonlyArray<string>) => Effect.Effect<Outcome>
  readonly all: Effect.Effect<Outcome>
}

/**
 * A bounded set of names, texts of keys or tags, whose invalidation failed. Each has the number of its last failure: a name
 * that fails again during a retry stays pending.
 */
export class PendingInvalidations {
  #all: number | undefined
  readonly #names = new Map<string, number>()
  #last = 0
  #isRetrying = false
  #nextSingly = Number.NEGATIVE_INFINITY

  get isEmpty(): boolean {
    return this.#all === undefined && this.#names.size === 0
  }

  /** True if nothing may be read from the cache under this name. */
  isPending(name: string): boolean {
    return this.#all !== undefined || this.#names.has(name)
  }

  addAll(): void {
    this.#all = ++this.#last
    this.#names.clear()
  }

  add(names: Iterable<string>): void {
    for (const name of names) {
      if (this.#all !== undefined || this.#names.size >= most) this.addAll()
      else this.#names.set(name, ++this.#last)
    }
  }

  /** Retries all of them, unless a retry is under way. */
  retry(invalidate: Invalidate): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.#isRetrying || this.isEmpty) return Effect.void
      this.#isRetrying = true
      return Effect.ensuring(
        this.#retry(invalidate),
        Effect.sync(() => {
          this.#isRetrying = false
        })
      )
    })
  }

  readonly #retry = Effect.fnUntraced(function* (this: PendingInvalidations, invalidate: Invalidate) {
    const all = this.#all
    if (all !== undefined && (yield* invalidate.all) !== "Failed" && this.#all === all) this.#all = undefined
    const pending = new Map(this.#names)
    const names = Array.from(pending.keys())
    if (names.length === 0) return
    const carryOut = (names: ReadonlyArray<string>, isOver: (outcome: Outcome) => boolean) =>
      Effect.map(invalidate.names(names), (outcome) => {
        if (!isOver(outcome)) return outcome
        for (const name of names) if (this.#names.get(name) === pending.get(name)) this.#names.delete(name)
        return outcome
      })
    const together = yield* carryOut(names, (outcome) => outcome === "Done")
    if (together === "Done") return
    if (together === "Failed") {
      const elapsed = elapsedBy(yield* Clock.Clock)
      if (elapsed < this.#nextSingly) return
      this.#nextSingly = elapsed + pause
    }
    // The cache may refuse one name, or a node of it fail alone.
    const singly = (name: string) => carryOut([name], (outcome) => outcome !== "Failed")
    yield* Effect.forEach(names, singly, { concurrency, discard: true })
  })
}
