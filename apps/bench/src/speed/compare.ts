import { askRedis } from "@hexcache/redis-testkit"
import type { Operations } from "./Contestant.ts"
import type { Entrant } from "./entrants.ts"
import { Lane } from "./Lane.ts"
import type { Measured } from "./measure.ts"
import { shuffled } from "./random.ts"
import type { Effort, Variant, Work } from "./Work.ts"
import { watchPing } from "./watchPing.ts"

/** What an entrant reached, round by round. */
export interface Rounds {
  readonly entrant: string
  readonly rounds: ReadonlyArray<Measured>
}

/** Who was left out, and for what. */
export interface Lacking {
  readonly entrant: string
  readonly operation: keyof Operations
}

/** One case, with the raw figures of all who took part. */
export interface CaseResult {
  readonly work: string
  readonly variant: Variant
  /** In the order of the table; every round has the same place in each. */
  readonly results: ReadonlyArray<Rounds>
  readonly lacking: ReadonlyArray<Lacking>
}

/** Where cases run, and the chance that orders them. */
export interface Setting {
  readonly url: string
  readonly random: () => number
}

/** Runs all entrants of a work side by side: processes anew several times, and each time rounds in an order of chance. */
export const compare = async (work: Work, variant: Variant, usual: Effort, setting: Setting): Promise<CaseResult> => {
  const effort = work.effort?.(usual) ?? usual
  const rounds = new Map<string, Array<Measured>>()
  const lacking = new Map<string, keyof Operations>()
  for (let time = 0; time < effort.processes; time++) {
    await askRedis(setting.url, ["FLUSHALL", "SYNC"], flushPatience)
    const lanes: Array<Lane> = []
    try {
      const entrants = shuffled(work.entrants, setting.random).filter(({ name }) => !lacking.has(name))
      while (entrants.length > 0) {
        await Promise.all(
          entrants.splice(0, startedAtOnce).map(async (entrant) => {
            const place = placeOf(work, entrant, setting.url)
            const lane = await Lane.start({ entrant, work: work.name, variant, place })
            if (lane instanceof Lane) lanes.push(lane)
            else lacking.set(entrant.name, lane.lacks)
          })
        )
      }
      if (effort.warmUpMillis > 0) {
        for (const lane of lanes) await runWatched(work, lane, effort.warmUpMillis, setting.url)
      }
      for (let round = 0; round < effort.roundsAProcess; round++) {
        for (const lane of shuffled(lanes, setting.random)) {
          const measured = await runWatched(work, lane, effort.millis, setting.url)
          rounds.set(lane.entrant.name, [...(rounds.get(lane.entrant.name) ?? []), measured])
        }
      }
      for (const lane of lanes) await lane.close()
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
    lacking: work.entrants.flatMap(({ name }) => {
      const operation = lacking.get(name)
      return operation === undefined ? [] : [{ entrant: name, operation }]
    })
  }
}

/** Processes that start side by side, before anything is measured. */
const startedAtOnce = 3

/** How long the server may take to forget everything, in milliseconds. */
const flushPatience = 30_000

/** Bare clients have no namespace: so keys begin with the place of their entrant. */
const placeOf = ({ entrants, maxEntries = 10_000 }: Work, entrant: Entrant, url: string) => ({
  url,
  prefix: `c${entrants.indexOf(entrant)}:`,
  maxEntries: entrant.keys ?? maxEntries,
  ...(entrant.keys === undefined ? undefined : { keys: entrant.keys })
})

const runWatched = async ({ watches }: Work, lane: Lane, millis: number, url: string): Promise<Measured> => {
  await lane.prepare()
  const watch = watches === "ping" ? await watchPing(url) : undefined
  const measured = await lane.run(millis)
  return watch === undefined ? measured : { ...measured, beside: watch.end() }
}
