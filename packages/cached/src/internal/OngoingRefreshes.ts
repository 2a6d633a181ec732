/**
 * The refreshes of each key that are under way: several may be, since each looks up anew.
 *
 * @internal
 */
import type { InFlightLookup } from "./InFlightLookup.ts"

export class OngoingRefreshes<A, E> {
  readonly #byText = new Map<string, ReadonlyArray<InFlightLookup<A, E>>>()

  add(text: string, lookup: InFlightLookup<A, E>): void {
    this.#byText.set(text, [...this.#of(text), lookup])
  }

  delete(text: string, lookup: InFlightLookup<A, E>): void {
    const others = this.#of(text).filter((other) => other !== lookup)
    if (others.length === 0) this.#byText.delete(text)
    else this.#byText.set(text, others)
  }

  /** Supersedes the refreshes of a key that began before one that has a value: theirs is older. */
  supersede(text: string, { number }: InFlightLookup<A, E>): void {
    for (const other of this.#of(text)) if (other.number < number) other.isSuperseded = true
  }

  #of(text: string): ReadonlyArray<InFlightLookup<A, E>> {
    return this.#byText.get(text) ?? []
  }
}
