import type { CaseResult } from "./compare.ts"
import type { Measured } from "./measure.ts"
import { type Spread, spreadOf } from "./statistics.ts"

/** The figures of an entrant in one case. */
export interface Figures {
  readonly entrant: string
  readonly perSecond: Spread
  /** Against the baseline. */
  readonly ratio: Spread
  readonly cpuMicros: Spread
  /** The worst of what was watched in any round. */
  readonly beside: Readonly<Record<string, number>>
}

const perSecond = ({ millis, operations }: Measured): number => (operations / millis) * 1_000

/** The speed of one entrant against another's in the same round: 2 is twice as fast. */
export const ratioOf = (result: CaseResult, entrant: string, other: string): Spread => {
  const others = roundsOf(result, other)
  return spreadOf(roundsOf(result, entrant).map((round, at) => perSecond(round) / perSecond(others[at] as Measured)))
}

const roundsOf = ({ results }: CaseResult, name: string): ReadonlyArray<Measured> => {
  const found = results.find(({ entrant }) => entrant === name)
  if (found === undefined) throw new Error(`${name} did not take part`)
  return found.rounds
}

/** The figures of a case, in the order of its results. */
export const figuresOf = (result: CaseResult, baseline: string): ReadonlyArray<Figures> =>
  result.results.map(({ entrant, rounds }) => ({
    entrant,
    perSecond: spreadOf(rounds.map(perSecond)),
    ratio: ratioOf(result, entrant, baseline),
    cpuMicros: spreadOf(rounds.map(({ cpuMicros, operations }) => cpuMicros / operations)),
    beside: worst(rounds.map(({ beside = {} }) => beside))
  }))

const worst = (watched: ReadonlyArray<Readonly<Record<string, number>>>): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.keys(watched[0] ?? {}).map((name) => [name, Math.max(...watched.map((each) => each[name] ?? 0))])
  )
