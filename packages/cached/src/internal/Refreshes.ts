/**
 * The refreshes of each key that are under way: several may be, since each looks up anew.
 *
 * @internal
 */
import type { Flight } from "./Flight.ts"

export class Refreshes<A, E> {
  readonly #byText = new Map<string, ReadonlyArray<Flight<A, E>>>()

  add(text: string, flight: Flight<A, E>): void {
    this.#byText.set(text, [...this.#of(text), flight])
  }

  delete(text: string, flight: Flight<A, E>): void {
    const others = this.#of(text).filter((other) => other !== flight)
    if (others.length === 0) this.#byText.delete(text)
    else this.#byText.set(text, others)
  }

  /** One of them has a value: what those give whose lookups began before it is older. */
  supersede(text: string, { place }: Flight<A, E>): void {
    for (const other of this.#of(text)) if (other.place < place) other.isSuperseded = true
  }

  #of(text: string): ReadonlyArray<Flight<A, E>> {
    return this.#byText.get(text) ?? []
  }
}
