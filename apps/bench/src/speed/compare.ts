import { askRedis } from "@hexcache/redis-testkit"
import type { Operations } from "./Contestant.ts"
import type { Entrant } from "./entrants.ts"
import { Lane } from "./Lane.ts"
import type { Measured } from "./measure.ts"
import { shuffled } from "./shuffled.ts"
import type { Effort, Variant, Work } from "./Work.ts"
import { watchPing } from "./watchPing.ts"

/** The speeds of an entrant, round by round. */
export interface Rounds {
  readonly entrant: string
  readonly rounds: ReadonlyArray<Measured>
}

/** An entrant that was left out, and the reason. */
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
  const rounds = new Map<string, Array<Measured>>(work.entrants.map(({ name }) => [name, []]))
  const lacking: Array<Lacking> = []
  for (let time = 0; time < effort.processes; time++) {
    await askRedis(setting.url, ["FLUSHALL", "SYNC"], flushPatience)
    const lanes: Array<Lane> = []
    try {
      for (const starting of inParts(shuffled(work.entrants, setting.random), startedAtOnce)) {
        await Promise.all(starting.map((entrant) => start(entrant, work, variant, setting, lanes, lacking)))
      }
      if (effort.warmUpMillis > 0) {
        for (const lane of lanes) await run(work, lane, effort.warmUpMillis, setting)
      }
      for (let round = 0; round < effort.roundsAProcess; round++) {
        for (const lane of shuffled(lanes, setting.random)) {
          rounds.get(lane.entrant.name)?.push(await run(work, lane, effort.millis, setting))
        }
      }
      for (const lane of lanes) await lane.close()
    } finally {
      for (const lane of lanes) lane.kill()
    }
  }
  const results = [...rounds].map(([entrant, rounds]) => ({ entrant, rounds }))
  return { work: work.name, variant, results: results.filter(({ rounds }) => rounds.length > 0), lacking }
}

const inParts = <A>(items: ReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, part) => items.slice(part * size, (part + 1) * size))

/** Adds to those that run, or to those that lack something. */
const start = async (
  entrant: Entrant,
  work: Work,
  variant: Variant,
  { url }: Setting,
  lanes: Array<Lane>,
  lacking: Array<Lacking>
): Promise<void> => {
  if (lacking.some((left) => left.entrant === entrant.name)) return
  const lane = await Lane.start({ entrant, work: work.name, variant, place: placeOf(work, entrant, url) })
  if (lane instanceof Lane) lanes.push(lane)
  else lacking.push({ entrant: entrant.name, operation: lane.lacks })
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

const run = async ({ watches }: Work, lane: Lane, millis: number, { url }: Setting): Promise<Measured> => {
  await lane.prepare()
  if (watches !== "ping") return lane.run(millis)
  const watch = await watchPing(url)
  const measured = await lane.run(millis)
  return { ...measured, beside: watch.end() }
}
