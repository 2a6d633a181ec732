/**
 * A shorter schedule that breaks the same law: events are left out as long as what is left breaks it still.
 */
import type { Counterexample } from "./Explorer.ts"
import type { Law } from "./Law.ts"
import type { Scenario } from "./Scenario.ts"
import { Simulation } from "./Simulation.ts"

export const shrink = (example: Counterexample): Counterexample => {
  const { faults, scenario, violation } = example
  let best = run(scenario, faults, idsOf(example), violation.law)
  if (best === undefined) return example
  for (let length = Math.ceil(best.ids.length / 2); length >= 1; length = length === 1 ? 0 : Math.ceil(length / 2)) {
    for (let start = 0; start < best.ids.length; ) {
      const left: ReadonlyArray<string> = [...best.ids.slice(0, start), ...best.ids.slice(start + length)]
      const shorter = run(scenario, faults, left, violation.law)
      if (shorter !== undefined && shorter.ids.length < best.ids.length) best = shorter
      else start += length
    }
  }
  return best.example
}

interface Ran {
  readonly ids: ReadonlyArray<string>
  readonly example: Counterexample
}

const idsOf = ({ choices, faults, scenario }: Counterexample): ReadonlyArray<string> => {
  const simulation = new Simulation(scenario, faults)
  return choices.map((choice) => {
    const event = simulation.events()[choice]
    if (event === undefined) throw new Error(`no such schedule of ${scenario.name}`)
    simulation.apply(event)
    return event.id
  })
}

/** Chooses the events with these ids, where they can happen, until the law is broken. */
const run = (scenario: Scenario, faults: number, ids: ReadonlyArray<string>, law: Law): Ran | undefined => {
  const simulation = new Simulation(scenario, faults)
  const chosen: Array<string> = []
  const choices: Array<number> = []
  for (const id of ids) {
    const events = simulation.events()
    const choice = events.findIndex((event) => event.id === id)
    const event = events[choice]
    if (event === undefined) continue
    simulation.apply(event)
    chosen.push(id)
    choices.push(choice)
    const violation = simulation.violations.find((violation) => violation.law === law)
    if (violation !== undefined) return { ids: chosen, example: { scenario, faults, violation, choices } }
    if (simulation.violations.length > 0) return undefined
  }
  return undefined
}
