/**
 * Explores the scenarios, on every processor.
 *
 * ```sh
 * pnpm explore                      # every schedule of every scenario
 * pnpm explore --only lease         # of those whose name has the word
 * pnpm explore --random 20000       # as many schedules at random, with more that may go wrong
 * pnpm explore --repeat <seed>      # one schedule, step by step
 * ```
 */
import { parseArgs } from "node:util"
import { isMainThread } from "node:worker_threads"
import { describe, fromSeed } from "./Report.ts"
import { harsh } from "./scenarios/harsh.ts"
import { scenarios } from "./scenarios/index.ts"
import { inThreads, serve } from "./Threads.ts"
import { allSchedules, type Done, schedulesAtRandom } from "./Work.ts"

const repeat = (seed: string): void => {
  const { choices, faults, scenario } = fromSeed(seed, [...scenarios, ...harsh])
  const { broken, steps } = describe(scenario, faults, choices)
  console.log([scenario.name, ...steps.map((step, index) => `${index + 1}. ${step}`), ...broken].join("\n"))
  process.exitCode = broken.length === 0 ? 0 : 1
}

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      only: { type: "string", default: "" },
      random: { type: "string" },
      most: { type: "string", default: "1000000" },
      seed: { type: "string", default: "1" },
      repeat: { type: "string" }
    },
    allowPositionals: true
  })
  if (values.repeat !== undefined) {
    repeat(values.repeat)
    return
  }
  const since = performance.now()
  const work =
    values.random === undefined
      ? allSchedules(values.only, Number(values.most))
      : schedulesAtRandom(values.only, Number(values.random), Number(values.seed))
  const names = new Set<string>()
  let schedules = 0
  let states = 0
  let broken = 0
  let incomplete = 0
  await inThreads(work, (done: Done) => {
    names.add(done.name)
    schedules += done.schedules
    states += done.states
    broken += done.examples.length
    if (!done.isComplete) incomplete++
    const count = `${String(done.schedules).padStart(7)} schedules${done.isComplete ? "" : " and more"}`
    console.log([count, done.examples.length === 0 ? "" : " BROKEN", ` ${done.name}`].join(""))
    for (const example of done.examples) console.log(example)
  })
  const seconds = ((performance.now() - since) / 1000).toFixed(0)
  const { system, user } = process.cpuUsage()
  console.log(
    [
      `${names.size} scenarios`,
      values.random === undefined
        ? `${schedules} schedules for all, ${states} states${incomplete === 0 ? "" : `, ${incomplete} given up`}`
        : `${schedules} schedules at random from seed ${values.seed}`,
      `${seconds} s and ${((system + user) / 1_000_000).toFixed(0)} s of processors`,
      `${broken} broken laws`
    ].join(", ")
  )
  process.exitCode = broken + incomplete === 0 ? 0 : 1
}

if (isMainThread) await main()
else serve()
