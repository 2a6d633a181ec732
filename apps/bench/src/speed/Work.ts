import type { Contestant, Operations, Place } from "./Contestant.ts"
import type { Entrant } from "./entrants.ts"

/** The work of a run's loops, turn by turn. */
export interface Task {
  readonly ask: (turn: number) => unknown
  /** Throws where the answer is not what was stored. */
  readonly check: (turn: number, answer: unknown) => void
  /** The number of operations in a turn. Defaults to 1. */
  readonly perTurn?: number
  /** Where a run is so many turns, however long they take; a time otherwise. */
  readonly turns?: number
  /** How often a run begins anew, 1 unless given. */
  readonly repeats?: number
  /** Runs before every run and every repetition, unmeasured. */
  readonly before?: () => Promise<void>
  /** Verifies every run and every repetition, unmeasured. */
  readonly after?: () => Promise<void>
}

/** One case of a work. */
export interface Variant {
  readonly inFlight: number
  /** The bytes of a value, where they differ. */
  readonly size?: number
}

/** How long and how often a case is measured. */
export interface Effort {
  /** Fresh processes of each contestant, one after another. */
  readonly processes: number
  readonly roundsAProcess: number
  /** Of one contestant in a round, in milliseconds. */
  readonly millis: number
  readonly warmUpMillis: number
  /** Of one contestant under a load that lasts, in milliseconds. */
  readonly steadyMillis: number
}

/** A comparison of caches. */
export interface Work {
  /** As the command line names it. */
  readonly name: string
  /** As the tables name it. */
  readonly title: string
  /** The unit of the counts. Defaults to operations. */
  readonly unit?: string
  readonly variants: ReadonlyArray<Variant>
  readonly needs: ReadonlyArray<keyof Operations>
  readonly entrants: ReadonlyArray<Entrant>
  /** The entrant that the others are set in relation to. */
  readonly baseline: string
  /** Entries of the cache, where it is in memory and bounded. */
  readonly maxEntries?: number
  /** Where it takes another effort than most. */
  readonly effort?: (usual: Effort) => Effort
  /** Something else to watch while it runs: another client's PING, or the process itself. */
  readonly watches?: "ping" | "process"
  /** Stores what the work needs, by the contestant itself. It has all operations that the work needs. */
  readonly start: (contestant: Contestant, variant: Variant, place: Place) => Promise<Task>
}
