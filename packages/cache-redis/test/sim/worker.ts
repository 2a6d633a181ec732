/** A process that simulates on demand, one run after the other. */
import { enableCompileCache } from "node:module"
import type { SimulationOptions, SimulationReport } from "./Simulation.ts"

/** The message of a process: the report of a run, or why there is none. */
export type Answer = { readonly report: SimulationReport } | { readonly thrown: string }

// Half the time of a short run goes into what is compiled anew each time.
enableCompileCache()
await import("./globals.ts")
const { simulate } = await import("./Simulation.ts")
const { shrink } = await import("./Shrink.ts")

const answer = async (options: SimulationOptions): Promise<Answer> => {
  try {
    const report = await simulate(options)
    return { report: report.wrong.length === 0 || options.isWhole === true ? report : await shrink(options, report) }
  } catch (thrown) {
    return { thrown: String(thrown) }
  }
}

process.on("message", async (options: SimulationOptions) => {
  process.send?.(await answer(options))
})
process.on("disconnect", () => process.exit())
process.send?.("ready")
