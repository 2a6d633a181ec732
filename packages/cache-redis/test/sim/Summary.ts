/** The sum of many simulations. */
import { createHash } from "node:crypto"
import { branches } from "./branches.ts"
import type { SimulationReport } from "./Simulation.ts"

export class Summary {
  readonly #hash = createHash("sha256")
  readonly #sometimes = new Map<string, number>()
  #simulations = 0
  #hours = 0
  #operations = 0
  #succeeded = 0
  #verified = 0
  #failed = 0

  constructor() {
    for (const branch of branches) this.#sometimes.set(branch, 0)
  }

  add(report: SimulationReport): void {
    this.#simulations++
    this.#hash.update(report.hash)
    this.#hours += report.millis / 3_600_000
    this.#operations += report.operations
    this.#succeeded += report.succeeded
    this.#verified += report.verified
    for (const [what, count] of report.sometimes) this.#sometimes.set(what, (this.#sometimes.get(what) ?? 0) + count)
    if (report.wrong.length > 0) this.#failed++
  }

  /** Counts a simulation that came to no report. */
  addThrown(): void {
    this.#simulations++
    this.#failed++
  }

  /** The lines of the summary, of simulations that took so many minutes. */
  lines(minutes: number): ReadonlyArray<string> {
    const faults = this.#counts.filter(([what]) => what.startsWith(fault))
    const count = faults.reduce((sum, [, times]) => sum + times, 0)
    const share = (100 * this.#succeeded) / Math.max(1, this.#operations)
    return [
      `${this.#simulations} simulations, hash of all ${this.#hash.copy().digest("hex").slice(0, 16)}: ` +
        `${this.#operations} operations, ${share.toFixed(1)} % succeeded, ${this.#verified} answers verified, ` +
        `${count} faults, ${this.#failed} simulations broke a promise`,
      `faults: ${faults.map(([what, times]) => `${what.slice(fault.length)} ${times}`).join(", ")}`,
      `${this.#hours.toFixed(2)} simulated hours, ${(this.#hours / minutes).toFixed(1)} in a minute`
    ]
  }

  /** How often each fault was caused and each branch was reached; those that never were too. */
  get counts(): ReadonlyArray<string> {
    return this.#counts.map(([what, count]) => `${count}\t${what}`)
  }

  get #counts(): ReadonlyArray<readonly [what: string, count: number]> {
    return [...this.#sometimes].toSorted(([one], [other]) => (one < other ? -1 : 1))
  }
}

const fault = "fault: "
