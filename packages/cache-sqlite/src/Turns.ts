/**
 * Turns of the event loop, by timers that were taken once, so that the fake ones of a test runner change nothing.
 *
 * @internal
 */
import { Effect } from "effect"

/** How long work may take in one turn, in milliseconds. */
const turnMillis = 4

const { clearTimeout, setImmediate, setTimeout } = globalThis
const now = performance.now.bind(performance)

/** Runs in a later turn, by a timer; returns a function that cancels it. */
export const after = (millis: number, run: () => void): (() => void) => {
  const timer = setTimeout(run, millis)
  return () => clearTimeout(timer)
}

/** Runs in a later turn, by a timer that keeps no process alive; returns a function that cancels it. */
export const idleAfter = (millis: number, run: () => void): (() => void) => {
  const timer = setTimeout(run, millis).unref()
  return () => clearTimeout(timer)
}

/** Ends in a later turn of the event loop. */
export const nextTurn: Effect.Effect<void> = Effect.callback((resume) => {
  let isInterrupted = false
  setImmediate(() => {
    if (!isInterrupted) resume(Effect.void)
  })
  return Effect.sync(() => {
    isInterrupted = true
  })
})

/** Runs steps, short ones, for a part of a turn: until one returns true, or the time is over. */
export const runForATurn = (step: () => boolean): void => {
  const end = now() + turnMillis
  while (!step() && now() < end);
}
