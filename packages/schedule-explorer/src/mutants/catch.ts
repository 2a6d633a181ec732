/**
 * Looks for a schedule of at most 15 steps that breaks a law, in any scenario: first at random, then among all of them. Ends
 * with 1 if there is none.
 */
import { explore, shortest } from "../Explorer.ts"
import { walk } from "../RandomWalk.ts"
import { print } from "../Report.ts"
import { shrink } from "../Shrink.ts"
import { scenarios } from "../scenarios/index.ts"

const most = 15
const rounds = 8
const episodes = 10

/** The most schedules of a scenario, which has about half as many without the mistake. */
const mostSchedules = 10_000

const atRandom = async (): Promise<string | undefined> => {
  for (let round = 1; round <= rounds; round++) {
    for (const scenario of scenarios) {
      for (const example of (await walk(scenario, episodes, round)).values()) {
        const short = shrink(example)
        if (short.choices.length <= most) return print(short)
      }
    }
  }
  return undefined
}

const amongAll = async (): Promise<string | undefined> => {
  for (const scenario of scenarios) {
    const { broken } = await explore(scenario, { schedules: mostSchedules, until: "any" })
    for (const [law, example] of broken) {
      const short = shrink(example)
      if (short.choices.length <= most) return print(short)
      const shorter = shortest(scenario, law, { steps: most, schedules: mostSchedules })
      if (shorter !== undefined) return print(shorter)
    }
  }
  return undefined
}

const found = (await atRandom()) ?? (await amongAll())
console.log(found ?? `no schedule of at most ${most} steps breaks a law`)
process.exitCode = found === undefined ? 1 : 0
