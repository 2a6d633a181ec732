/**
 * The state of one run that all of its parts share: time, the store, the laws, and the processes.
 */
import { Footprint } from "./Footprint.ts"
import { Laws } from "./Laws.ts"
import { Names } from "./Names.ts"
import type { Process } from "./Process.ts"
import { type Fault, type Scenario, usualFaults } from "./Scenario.ts"
import { SimulatedStore } from "./SimulatedStore.ts"
import { VirtualTime } from "./VirtualTime.ts"

export class World {
  readonly scenario: Scenario
  readonly time = new VirtualTime()
  readonly laws: Laws
  readonly store: SimulatedStore
  readonly names = new Names()
  readonly processes: Array<Process> = []
  readonly kinds: ReadonlyArray<Fault>
  /** The resources that the event under way touches. */
  footprint = new Footprint()
  /** True while operations and lookups are answered at once, before and after the schedule proper. */
  isInstant = false
  isFinished = false
  /** The number of faults, and of delayed results, that may still come. */
  faults: number
  late: number
  /** The number of the scenario's ticks that have passed. */
  ticks = 0

  constructor(scenario: Scenario, faults: number) {
    this.scenario = scenario
    this.kinds = scenario.kinds ?? usualFaults
    this.faults = faults
    this.late = scenario.late ?? 0
    this.laws = new Laws(scenario, () => this.footprint)
    this.store = new SimulatedStore(
      () => this.time.now,
      (key) => {
        this.footprint.write(key)
        // Near caches that have read the key will hear of it.
        for (const { name, near } of this.processes) if (near?.changed(key)) this.footprint.write(`inbox ${name}`)
      }
    )
  }

  /** Something happens to a process: all that it does later may depend on it. */
  touch(process: Process, what: string): void {
    this.footprint.write(process.name)
    process.hasOnlyAsked = false
    process.digest.add(`${what} ${this.time.now}`)
  }
}
