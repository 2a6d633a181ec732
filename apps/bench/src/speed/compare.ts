import { askRedis } from "@hexcache/redis-testkit"
import type { Operations } from "./Contestant.ts"
import { Lane } from "./Lane.ts"
import type { Bound, Measured } from "./measure.ts"
import { shuffled } from "./random.ts"
import type { Variant, Work } from "./Work.ts"

/** How long and how often a case is measured. */
export interface Effort {
  /** Fresh processes of each contestant, one after another. */
  readonly processes: number
  readonly roundsAProcess: number
  /** Of one contestant in a round, in milliseconds. */
  readonly millis: number
  readonly warmUpMillis: number
}

/** What an entrant reached, round by round. */
export interface Rounds {
  readonly entrant: string
  readonly rounds: ReadonlyArray<Measured>
}

/** One case, with the raw figures of all who took part. */
export interface CaseResult {
  readonly work: string
  readonly variant: Variant
  /** In the order of the table; every round has the same place in each. */
  readonly results: ReadonlyArray<Rounds>
  /** Who was left out, and for what. */
  readonly lacking: ReadonlyArray<{ readonly entrant: string; readonly operation: keyof Operations }>
}

/** Runs all entrants of a work side by side: process by process, and in each the rounds in an order of chance. */
export const compare = async (
  work: Work,
  variant: Variant,
  { millis, processes, roundsAProcess, warmUpMillis }: Effort,
  { random, url }: { readonly random: () => number; readonly url: string }
): Promise<CaseResult> => {
  const rounds = new Map<string, Array<Measured>>()
  const lacking: Array<CaseResult["lacking"][number]> = []
  const bound: Bound = work.isSingle ? { turns: 1 } : { millis }
  for (let generation = 0; generation < processes; generation++) {
    await askRedis(url, ["FLUSHALL"])
    const entrants = work.entrants.filter(({ name }) => !lacking.some(({ entrant }) => entrant === name))
    const lanes: Array<Lane> = []
    try {
      for (const entrant of shuffled(entrants, random)) {
        const place = { url, prefix: `c${lanes.length}:`, maxEntries: work.maxEntries ?? Infinity }
        const lane = await Lane.start({ entrant, work: work.name, variant, place })
        if (lane instanceof Lane) lanes.push(lane)
        else lacking.push({ entrant: entrant.name, operation: lane.lacks })
      }
      if (!work.isSingle) for (const lane of lanes) await lane.run({ millis: warmUpMillis })
      for (let round = 0; round < (work.isSingle ? 1 : roundsAProcess); round++) {
        for (const lane of shuffled(lanes, random)) {
          const { name } = lane.entrant
          rounds.set(name, [...(rounds.get(name) ?? []), await lane.run(bound)])
        }
      }
      for (const lane of lanes) await lane.finish()
    } finally {
      for (const lane of lanes) lane.kill()
    }
  }
  return {
    work: work.name,
    variant,
    results: work.entrants.flatMap(({ name }) => {
      const measured = rounds.get(name)
      return measured === undefined ? [] : [{ entrant: name, rounds: measured }]
    }),
    lacking
  }
}
