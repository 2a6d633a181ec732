/**
 * The events of a simulation, round by round: faults, and what callers do meanwhile and then. Each round has chance of
 * its own, so that it goes much the same way where others are left out.
 */
import { type Random, randomFrom } from "../storm/random.ts"

/** One round: faults, and the calm behind them. Times are in milliseconds. */
export interface Round {
  readonly number: number
  readonly faults: ReadonlyArray<string>
  readonly millis: number
  /** How long a process rests between two bursts of operations at most, during the faults and behind them. */
  readonly rest: number
  readonly restBehind: number
  readonly calm: number
}

/** The rounds of a seed, without end. Of the faults each one comes once before any comes again. */
export function* schedule(seed: number, faults: ReadonlyArray<string>): Generator<Round, never> {
  const random = randomFrom(seed)
  let queue: Array<string> = []
  for (let number = 1; ; number++) {
    if (queue.length === 0) queue = random.shuffled(faults)
    const chosen = queue.splice(-(random.below(4) === 0 ? 2 : 1))
    const millis = pick(random, [100, 400, 700, 3_000])
    yield {
      number,
      faults: chosen.toReversed(),
      millis,
      // In a long fault more of the same shows nothing new.
      rest: Math.max(millis / 10, pick(random, [40, 200, 400, 800])),
      restBehind: pick(random, [300, 1_000, 4_000]),
      calm: pick(random, [50, 300, 1_000, 8_000])
    }
  }
}

/** Streams of chance, each of which begins anew with every round. */
export class Chance {
  readonly #seed: number
  readonly #streams: Array<Stream> = []
  #round = 0

  constructor(seed: number) {
    this.#seed = seed
  }

  /** A stream for one user. */
  stream(): Random {
    const stream = new Stream()
    this.#streams.push(stream)
    stream.begin(this.#seedOf(this.#streams.length))
    return stream
  }

  begin(round: number): void {
    this.#round = round
    for (const [index, stream] of this.#streams.entries()) stream.begin(this.#seedOf(index + 1))
  }

  #seedOf(stream: number): number {
    return Math.imul(Math.imul(this.#seed, 1_000_003) + this.#round, 8_191) + stream
  }
}

class Stream implements Random {
  #random = randomFrom(0)

  begin(seed: number): void {
    this.#random = randomFrom(seed)
  }

  readonly next = (): number => this.#random.next()
  readonly below = (end: number): number => this.#random.below(end)
  readonly shuffled = <A>(items: ReadonlyArray<A>): Array<A> => this.#random.shuffled(items)
}

export const pick = <A>(random: Random, items: ReadonlyArray<A>): A => items[random.below(items.length)] as A
