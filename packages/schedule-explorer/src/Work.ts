/**
 * Work that threads share: scenarios, the longest first, each as a piece or, at random, in many.
 */
import { explore, shortest } from "./Explorer.ts"
import { walk } from "./RandomWalk.ts"
import { print } from "./Report.ts"
import type { Scenario } from "./Scenario.ts"
import { shrink } from "./Shrink.ts"
import { harsh } from "./scenarios/harsh.ts"
import { scenarios } from "./scenarios/index.ts"

/** A piece of work for one thread. */
export interface Work {
  readonly name: string
  /** The number of schedules drawn at random; undefined for all of them. */
  readonly random: number | undefined
  readonly seed: number
  /** The most schedules to run. */
  readonly most: number
}

export interface Done {
  readonly name: string
  readonly schedules: number
  readonly states: number
  readonly isComplete: boolean
  /** A short schedule of each law that is broken, in words. */
  readonly examples: ReadonlyArray<string>
}

/** At most so many schedules at random are one piece. */
const piece = 250

/** Every schedule of the scenarios whose name has the word. */
export const allSchedules = (only: string, most: number): ReadonlyArray<Work> =>
  scenarios
    .filter(({ name }) => name.includes(only))
    .toSorted((a, b) => weightOf(b) - weightOf(a))
    .map(({ name }) => ({ name, random: undefined, seed: 0, most }))

/** So many schedules at random, the same for the same seed, of the harsh scenarios whose name has the word. */
export const schedulesAtRandom = (only: string, schedules: number, seed: number): ReadonlyArray<Work> => {
  const chosen = harsh.filter(({ name }) => name.includes(only))
  const each = Math.ceil(schedules / chosen.length)
  return chosen.flatMap(({ name }) =>
    Array.from({ length: Math.ceil(each / piece) }, (_, index) => ({
      name,
      random: Math.min(piece, each - index * piece),
      seed: seed * 1_000_003 + index,
      most: Infinity
    }))
  )
}

/** Grows with the schedules that a scenario is likely to have. */
const weightOf = ({ cached = {}, faults = 0, isTimed = false, late = 0, processes, ticks = [] }: Scenario): number => {
  const threads = Object.values(processes).flat()
  const interleavings = threads.reduce((product, calls) => product * (2 * calls.length + 1), 1)
  const hasLease = Object.values(cached).some(({ lease = 0 }) => lease > 0)
  return (
    interleavings * (1 + faults) ** 2 * (1 + late) ** 2 * (1 + ticks.length) * (isTimed ? 3 : 1) * (hasLease ? 3 : 1)
  )
}

/** Runs a piece of work, and says from time to time how far it is. */
export const run = async (
  { most, name, random, seed }: Work,
  onSchedule: (schedules: number) => void
): Promise<Done> => {
  const scenario = [...scenarios, ...harsh].find((scenario) => scenario.name === name)
  if (scenario === undefined) throw new Error(`no scenario is named ${name}`)
  const { broken, isComplete, schedules, states } =
    random === undefined
      ? await explore(scenario, { schedules: most, onSchedule })
      : { broken: await walk(scenario, random, seed, onSchedule), schedules: random, states: 0, isComplete: true }
  const examples = Array.from(broken, ([law, first]) => {
    const short = shrink(first)
    const shorter = shortest(scenario, law, { steps: short.choices.length - 1, schedules: 2_000 })
    return print(shorter ?? short)
  })
  return { name, schedules, states, isComplete, examples }
}
