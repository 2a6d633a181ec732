/**
 * Removes what expired or is over the bound between operations, notes reads, and follows the file.
 *
 * @internal
 */
import type { Clock } from "effect"
import type { Connection } from "./Connection.ts"
import { idleAfter } from "./Turns.ts"

/** A running sweep. */
export interface Sweep {
  /** Takes the clock of an operation: the sweep goes by that of the last one. */
  readonly saw: (clock: Clock.Clock) => void
  readonly stop: () => void
}

const intervalMillis = 1_000
const removedAtOnce = 1_000

/** Starts sweeping: about every second, in slices, by a timer that does not keep the process alive. */
export const start = (connection: Connection): Sweep => {
  let clock: Clock.Clock | undefined
  const sweep = () => {
    connection.followFile()
    const now = clock?.currentTimeMillisUnsafe()
    const more = now === undefined ? undefined : connection.attemptIfOpen((store) => store.maintain(now, removedAtOnce))
    cancel = idleAfter(more === true ? 1 : intervalMillis, sweep)
  }
  let cancel = idleAfter(intervalMillis, sweep)
  return {
    saw: (current) => {
      clock = current
    },
    stop: () => cancel()
  }
}
