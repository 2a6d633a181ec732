/**
 * Simulates seeds, prints a line with the hash of each one's events, and sums them up. What is wrong is printed with the
 * events before it and the command that repeats it: with as few rounds as break the same promise.
 *
 * ```sh
 * pnpm sim --seed 7 --hours 1 --topology sentinel --near   # one seed behind Sentinel, with near caches
 * pnpm sim --seeds 1..1000 --hours 0.01 --topology every   # a thousand short ones in each of the worlds
 * pnpm sim --seed 7 --whole                                # with all its rounds, also where it breaks a promise
 * pnpm sim --seeds 1..1000 --go-on                         # does not end with the first that breaks a promise
 * ```
 *
 * Seeds run in as many processes as there are processors, or in `--jobs`; what is printed stays in the same order.
 */
import { availableParallelism } from "node:os"
import { parseArgs } from "node:util"
import type { SimulationOptions } from "./Simulation.ts"
import { Summary } from "./Summary.ts"
import type { TopologyName } from "./topologies.ts"
import { Workers } from "./Workers.ts"

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    seeds: { type: "string", default: "1" },
    hours: { type: "string", default: "1" },
    topology: { type: "string", default: "single" },
    near: { type: "boolean", default: false },
    only: { type: "string" },
    rounds: { type: "string" },
    whole: { type: "boolean", default: false },
    trace: { type: "string" },
    counts: { type: "boolean", default: false },
    jobs: { type: "string", default: String(availableParallelism()) },
    "go-on": { type: "boolean", default: false }
  }
})

type World = Pick<SimulationOptions, "isNear" | "topology">

/** A cluster has no near cache. */
const every: ReadonlyArray<World> = [
  { topology: "single", isNear: false },
  { topology: "single", isNear: true },
  { topology: "sentinel", isNear: false },
  { topology: "sentinel", isNear: true },
  { topology: "cluster", isNear: false }
]

const worlds: ReadonlyArray<World> =
  values.topology === "every" ? every : [{ topology: values.topology as TopologyName, isNear: values.near }]

/** The first and the last of `1..10`, or of so many from `--seed` on. */
const [first = 0, last = 0] = values.seeds.includes("..")
  ? values.seeds.split("..").map(Number)
  : [Number(values.seed), Number(values.seed) + Number(values.seeds) - 1]

const runs = Array.from({ length: last - first + 1 }, (_, index) =>
  worlds.map(
    (world): SimulationOptions => ({
      ...world,
      seed: first + index,
      hours: Number(values.hours),
      only: values.only?.split(","),
      rounds: values.rounds?.split(",").map(Number),
      isWhole: values.whole,
      trace: values.trace === undefined ? undefined : Number(values.trace)
    })
  )
).flat()

const commandOf = (
  { hours, isNear, only, seed, topology }: SimulationOptions,
  rounds: ReadonlyArray<number> | undefined
): string =>
  `pnpm sim --seed ${seed} --hours ${hours} --topology ${topology}${isNear ? " --near" : ""}` +
  (only === undefined ? "" : ` --only "${only}"`) +
  (rounds === undefined ? "" : ` --rounds ${rounds}`)

const began = performance.now()
const summary = new Summary()
for await (const [options, answer] of new Workers().run(runs, Number(values.jobs))) {
  const { isNear, seed, topology } = options
  const wrong = "report" in answer ? answer.report.wrong : [answer.thrown]
  if ("report" in answer) {
    const { report } = answer
    const { events, hash, operations, slowest, slowestRecovery, slowestRecoveryOf, steps, succeeded, verified } = report
    summary.add(report)
    console.log(
      `seed ${seed}: ${hash}, ${topology}${isNear ? " near" : ""}, ${events} events, ${steps} steps, ` +
        `${operations} operations, ${succeeded} succeeded, ${verified} verified, slowest ${slowest.toFixed(1)} ms, ` +
        `slowest recovery ${slowestRecovery.toFixed(0)} ms (${slowestRecoveryOf})`
    )
    if (wrong.length > 0) for (const event of report.trace) console.log(event)
  } else summary.addThrown()
  if (wrong.length === 0) continue
  process.exitCode = 1
  for (const each of wrong) console.log(`WRONG: ${each}`)
  console.log(`repeat: ${commandOf(options, "report" in answer ? answer.report.rounds : options.rounds)}`)
  if (!values["go-on"]) break
}
for (const line of summary.lines((performance.now() - began) / 60_000)) console.log(line)
if (values.counts) for (const line of summary.counts) console.log(line)
