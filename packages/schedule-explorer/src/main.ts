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
import { availableParallelism } from "node:os"
import { parseArgs } from "node:util"
import { isMainThread, parentPort, Worker } from "node:worker_threads"
import { explore, shortest } from "./Explorer.ts"
import type { Law } from "./Laws.ts"
import { walk } from "./RandomWalk.ts"
import { describe, fromSeed, print } from "./Report.ts"
import { shrink } from "./Shrink.ts"
import { harsh } from "./scenarios/harsh.ts"
import { scenarios } from "./scenarios/index.ts"

interface Work {
  readonly name: string
  /** How many schedules are drawn at random; undefined for all of them. */
  readonly random: number | undefined
  readonly seed: number
  /** The most schedules to run. */
  readonly most: number
}

interface Done {
  readonly name: string
  readonly schedules: number
  readonly states: number
  readonly isComplete: boolean
  readonly examples: ReadonlyArray<readonly [law: Law, example: string]>
}

const work = ({ most, name, random, seed }: Work): Done => {
  const all = random === undefined ? scenarios : harsh
  const scenario = all.find((scenario) => scenario.name === name)
  if (scenario === undefined) throw new Error(`no scenario is named ${name}`)
  const { broken, isComplete, schedules, states } =
    random === undefined
      ? explore(scenario, { schedules: most })
      : { broken: walk(scenario, random, seed), schedules: random, states: 0, isComplete: true }
  const examples = Array.from(broken, ([law, first]) => {
    const short = shrink(first)
    const shorter = shortest(scenario, law, { steps: short.choices.length - 1, schedules: 2_000 })
    return [law, print(shorter ?? short)] as const
  })
  return { name, schedules, states, isComplete, examples }
}

/** Runs work in as many threads as there are processors, each the next when it is through. */
const inThreads = (all: ReadonlyArray<Work>, onDone: (done: Done) => void): Promise<unknown> => {
  const left = [...all]
  const thread = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL(import.meta.url))
      const goOn = () => {
        const next = left.shift()
        if (next === undefined) void worker.terminate().then(() => resolve())
        else worker.postMessage(next)
      }
      worker.on("error", reject)
      worker.on("message", (done: Done) => {
        onDone(done)
        goOn()
      })
      goOn()
    })
  return Promise.all(Array.from({ length: Math.min(availableParallelism(), all.length) }, thread))
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
    const { choices, faults, scenario } = fromSeed(values.repeat, [...scenarios, ...harsh])
    const { broken, steps } = describe(scenario, faults, choices)
    console.log([scenario.name, ...steps.map((step, index) => `${index + 1}. ${step}`), ...broken].join("\n"))
    process.exitCode = broken.length === 0 ? 0 : 1
    return
  }
  const since = performance.now()
  const isRandom = values.random !== undefined
  const chosen = (isRandom ? harsh : scenarios).filter(({ name }) => name.includes(values.only))
  const each = isRandom ? Math.ceil(Number(values.random) / chosen.length) : undefined
  let schedules = 0
  let states = 0
  let broken = 0
  await inThreads(
    chosen.map(({ name }) => ({ name, random: each, seed: Number(values.seed), most: Number(values.most) })),
    (done) => {
      schedules += done.schedules
      states += done.states
      broken += done.examples.length
      console.log(
        `${String(done.schedules).padStart(7)} schedules ${done.isComplete ? "" : "and more "}${done.examples.length === 0 ? "" : "BROKEN "}${done.name}`
      )
      for (const [, example] of done.examples) console.log(example)
    }
  )
  const seconds = ((performance.now() - since) / 1000).toFixed(0)
  const computed = (process.cpuUsage().user / 1_000_000).toFixed(0)
  console.log(
    `${chosen.length} scenarios, ${schedules} schedules${isRandom ? ` at random from seed ${values.seed}` : ` for all, ${states} states`}, ${seconds} s of which ${computed} s were computed, ${broken} broken laws`
  )
  process.exitCode = broken === 0 ? 0 : 1
}

if (isMainThread) await main()
else parentPort?.on("message", (next: Work) => parentPort?.postMessage(work(next)))
