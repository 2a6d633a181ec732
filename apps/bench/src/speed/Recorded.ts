import type { CaseResult } from "./compare.ts"
import type { Effort } from "./Work.ts"

/** A run as it is kept: the raw figures, and what they depend on. */
export interface Recorded {
  readonly date: string
  readonly seed: number
  readonly effort: Effort
  /** The machine, its system, Node and the server, as the document names them. */
  readonly machine: ReadonlyArray<string>
  /** Name and version of what took part. */
  readonly versions: ReadonlyArray<string>
  readonly cases: ReadonlyArray<CaseResult>
}
