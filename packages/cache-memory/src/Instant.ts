/**
 * The time by which entries expire.
 *
 * @internal
 */
import { Clock, Context } from "effect"

// No library of types that has it is the same in every runtime that this package runs in.
declare const performance: { readonly now: () => number }

/** The default clock of a fiber. */
const live = Context.getUnsafe(Context.empty(), Clock.Clock)

const nanosPerMilli = 1_000_000n

let last = 0
/** How far a test's fake clock began behind the one before it. */
let behind = 0

/**
 * Milliseconds of a clock that nobody sets, from a beginning of its own: where the wall clock is set back, entries would
 * outlive their time. Looks `performance` up each time, so that fake timers of a test runner move it.
 */
const liveMillis = (): number => {
  const now = performance.now()
  if (now < last) behind += last - now
  last = now
  return now + behind
}

/** Whole milliseconds of a clock, to be compared with those of the same clock only. */
export const instantOf = (clock: Clock.Clock): number =>
  clock === live ? Math.floor(liveMillis()) : Number(clock.monotonicTimeNanosUnsafe() / nanosPerMilli)
