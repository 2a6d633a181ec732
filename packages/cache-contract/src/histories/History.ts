/** The operations of callers on one key, with the times and results of each. */

/** An operation of the port on one key. */
export type Operation =
  | { readonly name: "get" | "delete" | "getAndDelete" | "exists" | "ttl" }
  | { readonly name: "set" | "setIfAbsent"; readonly value: string; readonly expires: boolean }
  | { readonly name: "compareAndDelete"; readonly expected: string }
  | { readonly name: "increment"; readonly amount: number }
  | { readonly name: "expire"; readonly expires: boolean }

/** How an operation ended: with an answer, or so that it may have happened, may happen yet, or never does. */
export type Outcome = { readonly answer: unknown } | "Unknown"

export interface Event {
  readonly operation: Operation
  /** When it was called, in any unit that grows. */
  readonly from: number
  /** When it ended; of one with an unknown outcome this does not count. */
  readonly to: number
  readonly outcome: Outcome
}

/** The events of one key, in any order. What was certainly not carried out is left out. */
export type History = ReadonlyArray<Event>
