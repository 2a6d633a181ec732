/**
 * Searches for schedules after which a process reads an older value, though nothing is under way any more and every
 * change has been acknowledged.
 *
 * Promises cannot be copied, so a schedule is run anew from its beginning up to where it goes on. A state that was seen
 * is not gone on from: a process is deterministic, so what happened to it, what the store holds and what is on its way
 * decide all that follows.
 */
import { randomFrom } from "@hexcache/cache-port/test-support/SeededRandom"
import type { Open } from "./CacheProcess.ts"
import type { Clock } from "./Clock.ts"
import { Run } from "./Run.ts"
import type { ChangeKind, Scenario } from "./scenarios.ts"

export interface Subject {
  readonly open: Open
  readonly clock: Clock
  readonly kind: ChangeKind
}

/** A schedule that ends in a stale read: which event of each state was chosen, and who reads then. */
export interface StaleRead {
  readonly scenario: Scenario
  readonly choices: ReadonlyArray<number>
  readonly reader: string
}

export interface Found {
  /** Runs of a schedule, each to the end or to a state that another one had reached. */
  readonly schedules: number
  /** The shortest schedule with a stale read in the process that has changed the key, and in another. */
  readonly own: StaleRead | undefined
  readonly other: StaleRead | undefined
  /** False if the search gave up before its end. */
  readonly isComplete: boolean
}

/** The process that changes the key in every scenario. */
const changer = "A"

const replay = async (
  { clock, kind, open }: Subject,
  scenario: Scenario,
  choices: ReadonlyArray<number>,
  onStep: (step: string, outcomes: ReadonlyArray<string>) => void = () => {}
): Promise<Run> => {
  const run = await Run.begin(scenario, kind, open, clock)
  for (const choice of choices) {
    const event = run.events()[choice]
    if (event === undefined) throw new Error(`There is no such schedule of ${scenario.name}`)
    onStep(event.description, await run.apply(event))
  }
  return run
}

export interface Bounds {
  /** The most schedules to run. */
  readonly schedules?: number
  /** The most steps of a schedule. */
  readonly steps?: number
}

/** Every schedule of a scenario, breadth first, so that the first stale read has the shortest schedule. */
export const explore = async (
  subject: Subject,
  scenario: Scenario,
  { schedules: most = Number.POSITIVE_INFINITY, steps = Number.POSITIVE_INFINITY }: Bounds = {}
): Promise<Found> => {
  const seen = new Set<string>()
  const stale = new Map<string, StaleRead>()
  let schedules = 0
  let level: Array<ReadonlyArray<number>> = [[]]
  for (let length = 0; level.length > 0; length++) {
    if (length > steps) return { schedules, ...ofReaders(stale), isComplete: false }
    const next: Array<ReadonlyArray<number>> = []
    for (const choices of level) {
      if (schedules >= most) return { schedules, ...ofReaders(stale), isComplete: false }
      schedules++
      const run = await replay(subject, scenario, choices)
      const state = run.state()
      if (seen.has(state)) continue
      seen.add(state)
      const events = run.events()
      for (const choice of events.keys()) next.push([...choices, choice])
      if (events.length > 0 || run.version === 0) continue
      for (const reader of Object.keys(scenario.processes)) {
        if (stale.has(reader)) continue
        const ended = await replay(subject, scenario, choices)
        if ((await ended.readQuietly(reader)) < ended.version) stale.set(reader, { scenario, choices, reader })
      }
    }
    level = next
  }
  return { schedules, ...ofReaders(stale), isComplete: true }
}

const ofReaders = (stale: ReadonlyMap<string, StaleRead>): Pick<Found, "other" | "own"> => ({
  own: stale.get(changer),
  other: Array.from(stale.values()).find(({ reader }) => reader !== changer)
})

/** Explores all scenarios, and skips schedules that are longer than the shortest finding. */
export const exploreAll = async (
  subject: Subject,
  scenarios: ReadonlyArray<Scenario>,
  schedules?: number
): Promise<Found> => {
  let all: Found = { schedules: 0, own: undefined, other: undefined, isComplete: true }
  for (const scenario of scenarios) {
    if (scenario.kind !== undefined && scenario.kind !== subject.kind) continue
    const steps = Math.max(lengthOf(all.own), lengthOf(all.other))
    const found = await explore(subject, scenario, { ...(schedules === undefined ? {} : { schedules }), steps })
    all = {
      schedules: all.schedules + found.schedules,
      own: shorter(all.own, found.own),
      other: shorter(all.other, found.other),
      isComplete: all.isComplete && found.isComplete
    }
  }
  return all
}

const lengthOf = (found: StaleRead | undefined): number => found?.choices.length ?? Number.POSITIVE_INFINITY

const shorter = (one: StaleRead | undefined, other: StaleRead | undefined): StaleRead | undefined =>
  lengthOf(other) < lengthOf(one) ? other : one

/** Schedules drawn at random; how many of them end in a stale read of one of the processes. */
export const walk = async (subject: Subject, scenario: Scenario, episodes: number, seed: number): Promise<number> => {
  const random = randomFrom(seed)
  const readers = Object.keys(scenario.processes)
  let stale = 0
  for (let episode = 0; episode < episodes; episode++) {
    const run = await Run.begin(scenario, subject.kind, subject.open, subject.clock)
    for (;;) {
      const events = run.events()
      const event = events[Math.floor(random() * events.length)]
      if (event === undefined) break
      await run.apply(event)
    }
    const reader = readers[Math.floor(random() * readers.length)] ?? ""
    if ((await run.readQuietly(reader)) < run.version) stale++
  }
  return stale
}

/** A schedule in words, step by step. */
export const describe = async (subject: Subject, { choices, scenario }: StaleRead): Promise<ReadonlyArray<string>> => {
  const steps: Array<string> = []
  await replay(subject, scenario, choices, (step, outcomes) => steps.push([step, ...outcomes].join("; ")))
  return steps
}

/** For how many seconds its reader, who reads every second, goes on to see the older value. */
export const lastsFor = async (
  subject: Subject,
  { choices, reader, scenario }: StaleRead,
  most = 600
): Promise<number> => {
  const run = await replay(subject, scenario, choices)
  for (let seconds = 0; seconds < most; seconds++) {
    if ((await run.readQuietly(reader)) === run.version) return seconds
    subject.clock.advance(1_000)
  }
  return Number.POSITIVE_INFINITY
}
