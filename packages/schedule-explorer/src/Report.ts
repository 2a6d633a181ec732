/**
 * The findings of an exploration, in words.
 */
import { type Counterexample, replay, steps } from "./Explorer.ts"
import { laws } from "./Law.ts"
import type { Scenario } from "./Scenario.ts"

/** A schedule as one word, which `--repeat` takes. */
export const seedOf = ({
  choices,
  faults,
  scenario
}: Pick<Counterexample, "choices" | "faults" | "scenario">): string =>
  `${scenario.name.replaceAll(" ", "-")}/${faults}/${choices.join(".")}`

/** The schedule of a seed. */
export const fromSeed = (
  seed: string,
  scenarios: ReadonlyArray<Scenario>
): { readonly scenario: Scenario; readonly faults: number; readonly choices: ReadonlyArray<number> } => {
  const [name, faults = "0", choices = ""] = seed.split("/")
  const scenario = scenarios.find((scenario) => scenario.name.replaceAll(" ", "-") === name)
  if (scenario === undefined) throw new Error(`no scenario is named ${name}`)
  return { scenario, faults: Number(faults), choices: choices === "" ? [] : choices.split(".").map(Number) }
}

/** A schedule step by step, and how it ends. */
export const describe = (
  scenario: Scenario,
  faults: number,
  choices: ReadonlyArray<number>
): { readonly steps: ReadonlyArray<string>; readonly broken: ReadonlyArray<string> } => {
  const simulation = replay(scenario, [], faults)
  const lines = steps(simulation, choices)
  return {
    steps: lines,
    broken: Array.from(new Set(simulation.violations.map(({ detail, law }) => `broken: ${laws[law]} ${detail}`))).slice(
      0,
      3
    )
  }
}

export const print = (example: Counterexample): string => {
  const { broken, steps } = describe(example.scenario, example.faults, example.choices)
  const lines = steps.map((line, index) => `${String(index + 1).padStart(4)}. ${line}`)
  return [
    `${example.scenario.name}`,
    ...lines,
    ...broken.map((line) => `      ${line}`),
    `      seed ${seedOf(example)}`
  ].join("\n")
}
