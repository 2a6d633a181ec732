/**
 * The writes of looked up values, each from before its readers get the value until it has ended.
 *
 * @internal
 */
import { Effect, Fiber } from "effect"

export class LookupWrites {
  readonly #open = new Set<Fiber.Fiber<unknown>>()
  /** The last write of each key. */
  readonly #last = new Map<string, Fiber.Fiber<unknown>>()

  add(writing: Fiber.Fiber<unknown>, texts: ReadonlyArray<string>): void {
    this.#open.add(writing)
    for (const text of texts) this.#last.set(text, writing)
    writing.addObserver(() => {
      this.#open.delete(writing)
      for (const text of texts) if (this.#last.get(text) === writing) this.#last.delete(text)
    })
  }

  /** True while a key is written, or forgotten since it cannot be: its entry in the cache may be older. */
  has(text: string): boolean {
    return this.#last.size > 0 && this.#last.has(text)
  }

  /** The last writes of these keys, which a write that begins now follows. */
  lastOf(texts: ReadonlyArray<string>): ReadonlySet<Fiber.Fiber<unknown>> {
    return this.#last.size === 0 ? none : new Set(texts.flatMap((text) => this.#last.get(text) ?? []))
  }

  readonly awaitAll: Effect.Effect<void> = Effect.suspend(() =>
    Effect.forEach(Array.from(this.#open), Fiber.await, { discard: true })
  )
}

const none: ReadonlySet<Fiber.Fiber<unknown>> = new Set()
