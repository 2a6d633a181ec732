/**
 * Schedules drawn at random, for scenarios with more schedules than can be run.
 */

import { randomFrom } from "@hexcache/cache-port/test-support/SeededRandom"
import type { Event } from "./Events.ts"
import type { Counterexample } from "./Explorer.ts"
import type { Law } from "./Law.ts"
import type { Scenario } from "./Scenario.ts"
import { Simulation } from "./Simulation.ts"
import { turnAfter } from "./Turns.ts"

/** One of each law that `episodes` schedules break. */
export const walk = async (
  scenario: Scenario,
  episodes: number,
  seed: number,
  onSchedule?: (schedules: number) => void
): Promise<ReadonlyMap<Law, Counterexample>> => {
  const broken = new Map<Law, Counterexample>()
  const faults = scenario.faults ?? 0
  const random = randomFrom(seed)
  for (let episode = 0; episode < episodes; episode++) {
    onSchedule?.(episode)
    await turnAfter(episode)
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
