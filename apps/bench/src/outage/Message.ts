/**
 * The purpose of a call: `cold`, a get of a stored key that this process has never asked for; `hot`, a get of one that
 * it wrote and read before; `set`, a write of a new key; `late`, a write of a new key whose caller gives up after a
 * second.
 */
export type Probe = "cold" | "hot" | "set" | "late"

/** How a call was answered: as it should be, with no value, with a wrong one, or with an error. */
export type Outcome = "right" | "miss" | "wrong" | "failed"

/** A message of the probing process. Times are milliseconds since 1970. */
export type Message =
  | { readonly tag: "running" }
  | { readonly tag: "issued"; readonly id: number; readonly probe: Probe; readonly key: string; readonly at: number }
  | { readonly tag: "settled"; readonly id: number; readonly outcome: Outcome; readonly at: number }
  | { readonly tag: "closed" }

/** A message to the probing process: write the hot key, the fault has begun, close the cache and leave. */
export type Order = "warm" | "fault" | "close"
