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
import type { Law, Violation } from "./Laws.ts"
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
  /** Stops at the first broken law; with one, at the first that breaks this law. */
  readonly until?: "any" | Law
}

type Sleeping = ReadonlyMap<string, Footprint>

interface Node {
  readonly events: ReadonlyArray<Event>
  /** Which of the events are gone on with; all, unless the state was seen with other sleepers. */
  readonly only: ReadonlySet<string> | undefined
  readonly sleeping: Map<string, Footprint>
  next: number
}

interface Seen {
  sleeping: ReadonlySet<string>
}

/** A schedule with more events than this never ends. */
const endless = 400

export const explore = async (scenario: Scenario, options: Options = {}): Promise<Exploration> => {
  const { faults = scenario.faults ?? 0, onSchedule, schedules: mostSchedules = Infinity, until } = options
  const seen = new Map<string, Seen>()
  const broken = new Map<Law, Counterexample>()
  const path: Array<Node> = []
  let schedules = 0
  let isComplete = true

  const enter = (simulation: Simulation, sleeping: Map<string, Footprint>): boolean => {
    const key = simulation.state()
    const before = seen.get(key)
    if (before === undefined) {
      seen.set(key, { sleeping: new Set(sleeping.keys()) })
      path.push({ events: simulation.events(), only: undefined, sleeping, next: 0 })
      return true
    }
    const only = new Set(Array.from(before.sleeping).filter((id) => !sleeping.has(id)))
    if (only.size === 0) return false
    before.sleeping = new Set(Array.from(before.sleeping).filter((id) => sleeping.has(id)))
    path.push({ events: simulation.events(), only, sleeping, next: 0 })
    return true
  }

  const isLeft = ({ events, next, only, sleeping }: Node): boolean => {
    for (let index = next; index < events.length; index++) {
      const { id } = events[index] as Event
      if (!sleeping.has(id) && (only === undefined || only.has(id))) return true
    }
    return false
  }

  /** Goes on with the next event of the last node, as far as there are new states. */
  const goOn = (): boolean => {
    const choices = path.slice(0, -1).map(({ next }) => next - 1)
    const simulation = replay(scenario, choices, faults)
    for (;;) {
      const node = path.at(-1) as Node
      while (node.next < node.events.length && !isOpen(node)) node.next++
      const index = node.next
      if (index >= node.events.length) return true
      const event = simulation.events()[index] as Event
      choices.push(index)
      const { footprint } = step(simulation, event)
      node.next++
      const [violation] = simulation.violations
      if (violation !== undefined) {
        for (const each of simulation.violations)
          if (!broken.has(each.law)) broken.set(each.law, { scenario, violation: each, faults, choices: [...choices] })
        node.sleeping.set(event.id, footprint)
        return until === undefined || (until !== "any" && !broken.has(until))
      }
      const sleeping = awake(node.sleeping, footprint)
      node.sleeping.set(event.id, footprint)
      if (path.length >= endless) throw new Error(`a schedule of ${scenario.name} does not end`)
      if (!enter(simulation, sleeping)) return true
    }
  }

  const isOpen = ({ events, next, only, sleeping }: Node): boolean => {
    const { id } = events[next] as Event
    return !sleeping.has(id) && (only === undefined || only.has(id))
  }

  enter(new Simulation(scenario, faults), new Map())
  while (path.length > 0) {
    if (!isLeft(path.at(-1) as Node)) {
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
