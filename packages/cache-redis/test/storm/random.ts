import { randomFrom as numbersFrom } from "@hexcache/cache-port/test-support/SeededRandom"

/** Numbers that follow from a seed. */
export interface Random {
  /** From 0 to 1, without 1. */
  readonly next: () => number
  /** A whole number from 0, without `end`. */
  readonly below: (end: number) => number
  /** The same items in an order of their own. */
  readonly shuffled: <A>(items: ReadonlyArray<A>) => Array<A>
}

/** The same for the same seed. */
export const randomFrom = (seed: number): Random => {
  const next = numbersFrom(seed)
  return {
    next,
    below: (end) => Math.floor(next() * end),
    shuffled: (items) =>
      items
        .map((item) => [next(), item] as const)
        .toSorted(([a], [b]) => a - b)
        .map(([, item]) => item)
  }
}
