/**
 * Invalidations that the store has not carried out yet.
 *
 * @internal
 */
import { Clock, Effect } from "effect"
import type { Outcome } from "./Store.ts"

/** How many names are owed one by one; beyond that, everything is. */
const most = 1_000

/** How many names are tried at a time, and how often, in milliseconds, after they failed together. */
const atOnce = 16
const everyMillis = 1_000

/** How what is owed is carried out. */
export interface Forget {
  readonly names: (names: ReadonlyArray<string>) => Effect.Effect<Outcome>
  readonly all: Effect.Effect<Outcome>
}

/**
 * A bounded set of names whose invalidation failed. Each has the number of the invalidation that failed last: what fails
 * again while it is made good for is owed still.
 */
export class Owed {
  #all: number | undefined
  readonly #names = new Map<string, number>()
  #last = 0
  #isSettling = false
  #nextSingly = Number.NEGATIVE_INFINITY

  get isEmpty(): boolean {
    return this.#all === undefined && this.#names.size === 0
  }

  /** True if nothing may be read from the cache under this name. */
  has(name: string): boolean {
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

  /** Tries again to carry out what is owed; once at a time. */
  settle(forget: Forget): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.#isSettling || this.isEmpty) return Effect.void
      this.#isSettling = true
      return Effect.ensuring(
        this.#settle(forget),
        Effect.sync(() => {
          this.#isSettling = false
        })
      )
    })
  }

  readonly #settle = Effect.fnUntraced(function* (this: Owed, forget: Forget) {
    const all = this.#all
    if (all !== undefined && (yield* forget.all) !== "Failed" && this.#all === all) this.#all = undefined
    const owed = new Map(this.#names)
    const names = Array.from(owed.keys())
    if (names.length === 0) return
    const carryOut = (names: ReadonlyArray<string>, isOver: (outcome: Outcome) => boolean) =>
      Effect.map(forget.names(names), (outcome) => {
        if (!isOver(outcome)) return outcome
        for (const name of names) if (this.#names.get(name) === owed.get(name)) this.#names.delete(name)
        return outcome
      })
    const together = yield* carryOut(names, (outcome) => outcome === "Done")
    if (together === "Done" || !(yield* this.#maySettleSingly(together))) return
    // One name may be refused, or live where the store fails alone.
    const singly = (name: string) => carryOut([name], (outcome) => outcome !== "Failed")
    yield* Effect.forEach(names, singly, { concurrency: atOnce, discard: true })
  })

  readonly #maySettleSingly = Effect.fnUntraced(function* (this: Owed, outcome: Outcome) {
    if (outcome === "Refused") return true
    const now = yield* Clock.currentTimeMillis
    if (now < this.#nextSingly) return false
    this.#nextSingly = now + everyMillis
    return true
  })
}
