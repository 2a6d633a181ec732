/**
 * Reclaims what expired while nobody asks.
 *
 * @internal
 */
import type { Clock } from "effect"
import { instantOf } from "./Instant.ts"
import type { Store } from "./Store.ts"

/** A running sweep. */
export interface Sweep {
  /** Tells the clock of an operation: the sweep goes by that of the last one. */
  readonly saw: (clock: Clock.Clock) => void
  readonly stop: () => void
}

const interval = 1_000
const reclaimedAtOnce = 10_000

// No library of types that has these is the same in every runtime that this package runs in.
declare const setTimeout: (run: () => void, millis: number) => unknown
declare const clearTimeout: (timer: unknown) => void

/** Starts sweeping: about every second, in slices, by a timer that does not keep the process alive. */
export const start = (store: Store): Sweep => {
  let clock: Clock.Clock | undefined
  let timer: unknown

  const schedule = (millis: number) => {
    timer = setTimeout(sweep, millis)
    // Node's and Deno's timers are objects that can be let go; a browser's are numbers.
    if (typeof timer === "object" && timer !== null && "unref" in timer && typeof timer.unref === "function") {
      timer.unref()
    }
  }
  const sweep = () => {
    const more = clock !== undefined && store.reclaim(instantOf(clock), reclaimedAtOnce)
    schedule(more ? 0 : interval)
  }

  schedule(interval)
  return {
    saw: (current) => {
      clock = current
    },
    stop: () => clearTimeout(timer)
  }
}
