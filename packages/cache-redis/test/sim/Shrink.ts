/**
 * A shorter run that breaks the same promise: faults are left out as long as what is left breaks it still.
 *
 * By Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002.
 */
import { checkerOf } from "./Account.ts"
import { type SimulationOptions, type SimulationReport, simulate } from "./Simulation.ts"

/** The most runs of a search. */
const mostRuns = 200

/** Returns the report of the shortest run that was found. */
export const shrink = async (options: SimulationOptions, report: SimulationReport): Promise<SimulationReport> => {
  const checker = checkerOf(report.wrong[0])
  let best = report
  let runs = 0
  const attempt = async (kept: ReadonlyArray<number>): Promise<boolean> => {
    if (++runs > mostRuns) return false
    const shorter = await simulate({ ...options, rounds: kept })
    if (checkerOf(shorter.wrong[0]) !== checker) return false
    best = shorter
    return true
  }
  let parts = 2
  while (best.rounds.length > 1 && runs < mostRuns) {
    const { rounds } = best
    const length = Math.ceil(rounds.length / parts)
    let isShorter = false
    for (let from = 0; from < rounds.length && !isShorter; from += length) {
      isShorter = await attempt([...rounds.slice(0, from), ...rounds.slice(from + length)])
    }
    if (isShorter) parts = Math.max(2, parts - 1)
    else if (length === 1) break
    else parts = Math.min(rounds.length, parts * 2)
  }
  return best
}
