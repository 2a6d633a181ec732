/**
 * Schedules drawn at random, for scenarios with more schedules than can be run.
 */
import type { Counterexample } from "./Explorer.ts"
import type { Law } from "./Laws.ts"
import type { Scenario } from "./Scenario.ts"
import { type Event, Simulation } from "./Simulation.ts"

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export const randomFrom = (seed: number): (() => number) => {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** One of each law that `episodes` schedules break. */
export const walk = (scenario: Scenario, episodes: number, seed: number): ReadonlyMap<Law, Counterexample> => {
  const broken = new Map<Law, Counterexample>()
  const faults = scenario.faults ?? 0
  const random = randomFrom(seed)
  for (let episode = 0; episode < episodes; episode++) {
    const simulation = new Simulation(scenario, faults)
    const choices: Array<number> = []
    for (;;) {
      const events = simulation.events()
      if (events.length === 0 || simulation.violations.length > 0) break
      const choice = Math.floor(random() * events.length)
      choices.push(choice)
      simulation.apply(events[choice] as Event)
    }
    for (const violation of simulation.violations) {
      const known = broken.get(violation.law)
      if (known === undefined || choices.length < known.choices.length)
        broken.set(violation.law, { scenario, violation, faults, choices })
    }
  }
  return broken
}
