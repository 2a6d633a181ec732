/**
 * Bounds the nesting of lookups on the call stack: a fiber that starts or resumes another runs it on its own stack, and
 * lookups may read further keys without end.
 *
 * @internal
 */
import { Effect, identity } from "effect"

/** The most fibers that run on top of each other, far from the end of any stack. */
const most = 16

let depth = 0

/** Returns the same effect, which first waits for an empty stack where this one is deep already. */
export type InTurn = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** Starts or resumes another fiber by `run`, with an effect that is `inTurn`. */
export const nested = <A>(run: (inTurn: InTurn) => A): A => {
  depth++
  try {
    return run(depth > most ? later : now)
  } finally {
    depth--
  }
}

const now: InTurn = identity

const later: InTurn = (effect) => Effect.andThen(Effect.yieldNow, effect)
