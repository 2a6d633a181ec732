/**
 * `node main.ts --seed 1 --seeds 10 --hours 1 --topology sentinel --near`: simulations of ten seeds, an hour each, here
 * behind Sentinel and with near caches, and
 * the hash of each one's events. What is wrong is printed with the events before it.
 */

import { parseArgs } from "node:util"
import { machineTime } from "./globals.ts"
import type { TopologyName } from "./topologies.ts"

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    seeds: { type: "string", default: "1" },
    hours: { type: "string", default: "1" },
    topology: { type: "string", default: "single" },
    near: { type: "boolean", default: false },
    only: { type: "string" },
    trace: { type: "string" },
    counts: { type: "boolean", default: false }
  }
})

const { simulate } = await import("./Simulation.ts")
const began = machineTime()
let hours = 0
const counts = new Map<string, number>()
for (let seed = Number(values.seed); seed < Number(values.seed) + Number(values.seeds); seed++) {
  const report = await simulate({
    seed,
    hours: Number(values.hours),
    isNear: values.near,
    topology: values.topology as TopologyName,
    only: values.only?.split(","),
    trace: values.trace === undefined ? undefined : Number(values.trace)
  })
  hours += report.millis / 3_600_000
  for (const [what, count] of report.sometimes) counts.set(what, (counts.get(what) ?? 0) + count)
  const { events, hash, operations, slowest, slowestRecovery, slowestRecoveryOf, steps, succeeded, verified } = report
  console.log(
    `seed ${seed}: ${hash}, ${events} events, ${steps} steps, ${operations} operations, ${succeeded} succeeded, ` +
      `${verified} verified, slowest ${slowest.toFixed(1)} ms, slowest recovery ${slowestRecovery.toFixed(0)} ms (${slowestRecoveryOf})`
  )
  if (report.wrong.length === 0) continue
  process.exitCode = 1
  for (const event of report.trace) console.log(event)
  for (const wrong of report.wrong) console.log(`WRONG: ${wrong}`)
  break
}
const minutes = (machineTime() - began) / 60_000
const { system, user } = process.cpuUsage()
console.log(
  `${hours.toFixed(2)} simulated hours, ${(hours / minutes).toFixed(1)} in a minute, ` +
    `${(hours / ((user + system) / 6e7)).toFixed(1)} in a minute of a processor`
)
if (values.counts) for (const [what, count] of [...counts].sort()) console.log(`${count}\t${what}`)
