/**
 * Every schedule of a scenario, depth first.
 *
 * Fibers cannot be copied, so a schedule is run anew from its beginning up to where it leaves another one. A state that
 * was seen is not gone on from: a process is deterministic, so what happened to it, what the store holds and what is on
 * its way decide all that follows. Sleep sets leave out schedules that differ only in the order of events that commute
 * (Godefroid, "Partial-Order Methods for the Verification of Concurrent Systems", with states stored).
 */

import type { Event } from "./Events.ts"
import type { Footprint } from "./Footprint.ts"
import type { Law, Violation } from "./Law.ts"
import { mayBeLocal, sufficient } from "./Reduction.ts"
import type { Scenario } from "./Scenario.ts"
import { Simulation } from "./Simulation.ts"
import { turnAfter } from "./Turns.ts"

/** A schedule that breaks a law: which event of each state was chosen. */
export interface Counterexample {
  readonly scenario: Scenario
  readonly violation: Violation
  /** The number of faults that the schedule could have. */
  readonly faults: number
  readonly choices: ReadonlyArray<number>
}

export interface Exploration {
  readonly scenario: Scenario
  /** Schedules that were run. Every other one differs from one of them in the order of events that commute. */
  readonly schedules: number
  readonly states: number
  /** One of each law that is broken. */
  readonly broken: ReadonlyMap<Law, Counterexample>
  /** False if the search gave up before its end. */
  readonly isComplete: boolean
}

export interface Options {
  /** The most faults, if fewer than those of the scenario. */
  readonly faults?: number
  /** The most schedules to run. */
  readonly schedules?: number
  /** Runs after each schedule, with the number of them so far. */
  readonly onSchedule?: (schedules: number) => void
  /** False to go on with every event that does not sleep, though fewer suffice. */
  readonly isReduced?: boolean
  /** Stops at the first broken law; with one, at the first that breaks this law. */
  readonly until?: "any" | Law
}

type Sleeping = ReadonlyMap<string, Footprint>

interface Node {
  /** The events to go on with, the next one first: their number among those of the state, and their id. */
  readonly left: Array<readonly [choice: number, id: string]>
  readonly sleeping: Map<string, Footprint>
  /** The event that suffices if it touches its process alone. */
  readonly local: Event | undefined
  /** The event that was gone on with last. */
  chosen: number
}

/** A schedule with more events than this never ends. */
const endless = 400

export const explore = async (scenario: Scenario, options: Options = {}): Promise<Exploration> => {
  const { faults = scenario.faults ?? 0, isReduced = true, onSchedule, until } = options
  const { schedules: mostSchedules = Infinity } = options
  /** The events that sleep in each state, whichever way it is come to. */
  const seen = new Map<string, ReadonlySet<string>>()
  const broken = new Map<Law, Counterexample>()
  const path: Array<Node> = []
  let schedules = 0
  let isComplete = true

  /** False if nothing new comes of a state. */
  const enter = (simulation: Simulation, sleeping: Map<string, Footprint>): boolean => {
    const key = simulation.state()
    const before = seen.get(key)
    seen.set(key, new Set(Array.from(before ?? sleeping.keys()).filter((id) => sleeping.has(id))))
    const events = simulation.events()
    const local = isReduced ? mayBeLocal(simulation, events) : undefined
    if (before === undefined && isLocal(local, local && sleeping.get(local.id))) return false
    const chosen = new Set(
      before !== undefined ? events.filter(({ id }) => before.has(id)) : isReduced ? sufficient(events) : events
    )
    const left = Array.from(events.entries()).flatMap(([choice, event]) =>
      chosen.has(event) && !sleeping.has(event.id) ? [[choice, event.id] as const] : []
    )
    if (left.length === 0) return false
    const first = left.findIndex(([, id]) => id === local?.id)
    if (first > 0) left.unshift(...left.splice(first, 1))
    path.push({ left, sleeping, local, chosen: -1 })
    return true
  }

  /** Goes on with the next event of the last node, as far as there are new states. False if that is enough. */
  const goOn = (): boolean => {
    const choices = path.slice(0, -1).map(({ chosen }) => chosen)
    const simulation = replay(scenario, choices, faults)
    for (;;) {
      const node = path.at(-1) as Node
      const [choice, id] = node.left.shift() as readonly [number, string]
      node.chosen = choice
      choices.push(choice)
      const { footprint } = step(simulation, simulation.events()[choice] as Event)
      const sleeping = awake(node.sleeping, footprint)
      node.sleeping.set(id, footprint)
      const [violation] = simulation.violations
      if (violation !== undefined) {
        for (const each of simulation.violations)
          if (!broken.has(each.law)) broken.set(each.law, { scenario, violation: each, faults, choices: [...choices] })
        return until === undefined || (until !== "any" && !broken.has(until))
      }
      if (id === node.local?.id && isLocal(node.local, footprint)) node.left.length = 0
      if (path.length >= endless) throw new Error(`a schedule of ${scenario.name} does not end`)
      if (!enter(simulation, sleeping)) return true
    }
  }

  enter(new Simulation(scenario, faults), new Map())
  while (path.length > 0) {
    if (path.at(-1)?.left.length === 0) {
      path.pop()
      continue
    }
    if (schedules >= mostSchedules) {
      isComplete = false
      break
    }
    schedules++
    onSchedule?.(schedules)
    await turnAfter(schedules)
    if (!goOn()) {
      isComplete = false
      break
    }
  }
  return { scenario, schedules, states: seen.size, broken, isComplete }
}

const isLocal = (event: Event | undefined, footprint: Footprint | undefined): boolean =>
  event?.process !== undefined && footprint?.isWithin(event.process.name) === true

/** Those that sleep on after an event. */
const awake = (sleeping: Sleeping, footprint: Footprint): Map<string, Footprint> => {
  const after = new Map<string, Footprint>()
  for (const [id, other] of sleeping) if (!other.conflictsWith(footprint)) after.set(id, other)
  return after
}

const step = (simulation: Simulation, event: Event): Simulation => {
  simulation.apply(event)
  return simulation
}

/** Carries out choices, and gives each in words. */
export const steps = (simulation: Simulation, choices: ReadonlyArray<number>): ReadonlyArray<string> =>
  choices.map((choice) => {
    const event = simulation.events()[choice]
    if (event === undefined) throw new Error(`no such schedule of ${simulation.scenario.name}`)
    const description = event.describe()
    step(simulation, event)
    return description
  })

/** A scenario after these choices. */
export const replay = (scenario: Scenario, choices: ReadonlyArray<number>, faults?: number): Simulation => {
  const simulation = new Simulation(scenario, faults)
  for (const choice of choices) {
    const event = simulation.events()[choice]
    if (event === undefined) throw new Error(`no such schedule of ${scenario.name}`)
    step(simulation, event)
  }
  return simulation
}

/** A state on the way to a broken law, for a search that knows no detours. */
interface Reached {
  readonly choices: ReadonlyArray<number>
  readonly sleeping: Sleeping
  readonly only: ReadonlySet<string> | undefined
}

/**
 * The shortest schedule with the fewest faults that breaks a law of a scenario: breadth first, with up to `steps` events.
 * Undefined if there is none, or none within so many `schedules`.
 */
export const shortest = (
  scenario: Scenario,
  law: Law,
  {
    schedules = Number.POSITIVE_INFINITY,
    steps = endless
  }: { readonly schedules?: number; readonly steps?: number } = {}
): Counterexample | undefined => {
  const left = { schedules }
  for (let faults = 0; faults <= (scenario.faults ?? 0); faults++) {
    const found = shortestWith(scenario, law, faults, steps, left)
    if (found !== undefined) return found
  }
  return undefined
}

const shortestWith = (
  scenario: Scenario,
  law: Law,
  faults: number,
  steps: number,
  left: { schedules: number }
): Counterexample | undefined => {
  const seen = new Map<string, ReadonlySet<string>>()
  let level: Array<Reached> = [{ choices: [], sleeping: new Map(), only: undefined }]
  for (let length = 0; length < steps && level.length > 0; length++) {
    const next: Array<Reached> = []
    for (const { choices, only, sleeping } of level) {
      const asleep = new Map(sleeping)
      let unused: Simulation | undefined = replay(scenario, choices, faults)
      const events = unused.events()
      for (const [choice, { id }] of events.entries()) {
        if (asleep.has(id) || (only !== undefined && !only.has(id))) continue
        const simulation: Simulation = unused ?? replay(scenario, choices, faults)
        unused = undefined
        if (left.schedules-- <= 0) return undefined
        const { footprint } = step(simulation, simulation.events()[choice] as Event)
        const after = [...choices, choice]
        const violation = simulation.violations.find((violation) => violation.law === law)
        if (violation !== undefined) return { scenario, violation, faults, choices: after }
        const sleepers = awake(asleep, footprint)
        asleep.set(id, footprint)
        if (simulation.violations.length > 0) continue
        const state = simulation.state()
        const before = seen.get(state)
        const again = before === undefined ? undefined : new Set(Array.from(before).filter((id) => !sleepers.has(id)))
        if (again?.size === 0) continue
        seen.set(state, new Set(Array.from(before ?? sleepers.keys()).filter((id) => sleepers.has(id))))
        next.push({ choices: after, sleeping: sleepers, only: again })
      }
    }
    level = next
  }
  return undefined
}
