import type { CaseResult } from "./compare.ts"
import type { Measured } from "./measure.ts"
import { type Spread, spreadOf } from "./statistics.ts"

/** What an entrant reached in one case. */
export interface Figures {
  readonly entrant: string
  readonly perSecond: Spread
  /** The speed against the baseline in the same round: 2 is twice as fast. */
  readonly ratio: Spread
  readonly cpuMicros: Spread
  /** The worst of what was watched in any round. */
  readonly beside: Readonly<Record<string, number>>
}

export const perSecond = ({ millis, operations }: Measured): number => (operations / millis) * 1_000

/** The figures of a case, in the order of its results. */
export const figuresOf = ({ results }: CaseResult, baseline: string): ReadonlyArray<Figures> => {
  const base = results.find(({ entrant }) => entrant === baseline)
  if (base === undefined) throw new Error(`${baseline} did not take part`)
  return results.map(({ entrant, rounds }) => ({
    entrant,
    perSecond: spreadOf(rounds.map(perSecond)),
    ratio: spreadOf(rounds.map((round, place) => perSecond(round) / perSecond(base.rounds[place] as Measured))),
    cpuMicros: spreadOf(rounds.map(({ cpuMicros, operations }) => cpuMicros / operations)),
    beside: worst(rounds.map(({ beside = {} }) => beside))
  }))
}

const worst = (watched: ReadonlyArray<Readonly<Record<string, number>>>): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.keys(watched[0] ?? {}).map((name) => [name, Math.max(...watched.map((each) => each[name] ?? 0))])
  )
