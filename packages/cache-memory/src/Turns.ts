/**
 * Long work in turns of the event loop, so that nobody else waits for the whole of it.
 *
 * @internal
 */
import { Effect } from "effect"

// No library of types that has these is the same in every runtime that this package runs in.
declare const MessageChannel:
  | (new () => {
      readonly port1: { onmessage: (() => void) | null; close: () => void }
      readonly port2: { postMessage: (message: null) => void }
    })
  | undefined
declare const setImmediate: ((run: () => void) => unknown) | undefined
declare const setTimeout: (run: () => void, millis: number) => unknown
declare const performance: { readonly now: () => number }

/** How long work may take in one turn, in milliseconds. */
const turnMillis = 4

/** Steps of work in one turn at most, also where a test has stopped the clock. */
const mostSteps = 1_000

const afterThisTurn = setTimeout
const immediately = typeof setImmediate === "undefined" ? undefined : setImmediate
const now = performance.now.bind(performance)

/** True for a function that a test runner has put in the place of a timer: it may never run anything. */
const isFake = (timer: object): boolean => "clock" in timer || "_isMockFunction" in timer

/** By a message, which fake timers leave alone. A channel each: Node delivers many of one before it does anything else. */
const byMessage = (Channel: NonNullable<typeof MessageChannel>) => (run: () => void) => {
  const { port1, port2 } = new Channel()
  port1.onmessage = () => {
    port1.close()
    run()
  }
  port2.postMessage(null)
}

const byTimer = (run: () => void): void => void afterThisTurn(run, 0)

/**
 * Runs in a later turn of the event loop. Taken once, so that fake timers that come later change nothing. A message is the
 * second choice, since the first one makes Node load modules for tens of milliseconds.
 */
const inNextTurn: (run: () => void) => unknown =
  typeof immediately === "function" && !isFake(immediately)
    ? immediately
    : typeof MessageChannel === "function"
      ? byMessage(MessageChannel)
      : byTimer

/** Ends in a later turn of the event loop. */
export const nextTurn: Effect.Effect<void> = Effect.callback((resume) => {
  let isInterrupted = false
  inNextTurn(() => {
    if (!isInterrupted) resume(Effect.void)
  })
  return Effect.sync(() => {
    isInterrupted = true
  })
})

/** Runs steps, short ones, for a part of a turn: until one returns true, or the time is over. True if one did. */
export const runForATurn = (step: () => boolean): boolean => {
  const end = now() + turnMillis
  for (let steps = 0; steps < mostSteps; steps++) {
    if (step()) return true
    if (now() >= end) return false
  }
  return false
}

/** Runs steps, short ones, until one returns true, in as many turns as it takes. */
export const runInTurns = (step: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => (runForATurn(step) ? Effect.void : Effect.flatMap(nextTurn, () => runInTurns(step))))
