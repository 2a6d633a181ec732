/**
 * The writes of values that were looked up, from before anybody is answered until they have ended.
 *
 * @internal
 */
import { Effect, Fiber } from "effect"

export class Writes {
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

  /** True while a key is written, or forgotten since it cannot be: what the cache holds of it may be older. */
  has(text: string): boolean {
    return this.#last.size > 0 && this.#last.has(text)
  }

  /** Waits for the writes of these keys, so that none of them follows one that begins then. */
  ended(texts: ReadonlyArray<string>): Effect.Effect<void> {
    const last = this.#last.size === 0 ? [] : texts.flatMap((text) => this.#last.get(text) ?? [])
    return last.length === 0 ? Effect.void : Effect.forEach(new Set(last), Fiber.await, { discard: true })
  }

  /** Waits for all of them. */
  readonly allEnded: Effect.Effect<void> = Effect.suspend(() =>
    Effect.forEach(Array.from(this.#open), Fiber.await, { discard: true })
  )
}
