import type { Contestant, Operations, Place } from "./Contestant.ts"
import type { Entrant } from "./entrants.ts"

/** What the loops of a run do, turn by turn. */
export interface Task {
  readonly ask: (turn: number) => unknown
  /** Throws where the answer is not what was stored. */
  readonly check: (turn: number, answer: unknown) => void
  /** How many operations a turn counts for; 1 unless given. */
  readonly perTurn?: number
  /** What comes before every run, unmeasured. */
  readonly before?: () => Promise<void>
  /** What is verified after all runs. */
  readonly afterwards?: () => Promise<void>
}

/** One case of a work. */
export interface Variant {
  readonly inFlight: number
  /** The bytes of a value. */
  readonly size: number
}

/** What the caches are compared in. */
export interface Work {
  /** As the command line names it. */
  readonly name: string
  /** As the tables name it. */
  readonly title: string
  readonly variants: ReadonlyArray<Variant>
  readonly needs: ReadonlyArray<keyof Operations>
  readonly entrants: ReadonlyArray<Entrant>
  /** The entrant that the others are set in relation to. */
  readonly baseline: string
  /** Entries of the cache, where it is in memory. */
  readonly maxEntries?: number
  /** Whether a run is a single turn, however long it takes, and there are three rounds in all. */
  readonly isSingle?: boolean
  /** Stores what the work needs, by the contestant itself. It has all operations that the work needs. */
  readonly start: (contestant: Contestant, variant: Variant, place: Place) => Promise<Task>
}
