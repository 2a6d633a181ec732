/**
 * Errors of lookups on their way to a rejection.
 *
 * @internal
 */
import { Cause } from "effect"

/** The timeouts that lookups of the program rejected with, as a lookup written with Effect does. */
const timeoutsOfProgram = new WeakSet<object>()

/** Remembers an error of the program's own, and returns it. */
export const ofProgram = (error: unknown): unknown => {
  if (Cause.isTimeoutError(error)) timeoutsOfProgram.add(error)
  return error
}

/** The error of a lookup whose time was over, as the DOM has it; any other, of the program's, as it is. */
export const toRejection = (error: unknown): unknown =>
  Cause.isTimeoutError(error) && !timeoutsOfProgram.has(error)
    ? new DOMException("the lookup took longer than its lookupTimeout", "TimeoutError")
    : error
