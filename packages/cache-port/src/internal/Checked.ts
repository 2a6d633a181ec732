/**
 * Checks input, then asks: what is wrong with the input is the caller's error, and nothing else is.
 *
 * @internal
 */
import { Effect } from "effect"
import { CacheError, type CacheOperation, InvalidArgument } from "../CacheError.ts"
import * as Input from "./Input.ts"

/** `key` is the caller's, named by the error if it is in order itself. */
export const checked = <I, A, E>(
  operation: CacheOperation,
  check: () => I,
  ask: (input: I) => Effect.Effect<A, E>,
  key?: unknown
): Effect.Effect<A, E | CacheError> => {
  let input: I
  try {
    input = check()
  } catch (thrown) {
    return Effect.fail(refused(operation, thrown, key))
  }
  return ask(input)
}

/** As `checked`, for what takes a key and nothing else. */
export const ofKey =
  <A, E>(operation: CacheOperation, ask: (key: string) => Effect.Effect<A, E>) =>
  (key: string): Effect.Effect<A, E | CacheError> => {
    try {
      Input.key(key)
    } catch (thrown) {
      return Effect.fail(refused(operation, thrown))
    }
    return ask(key)
  }

/** The error of refused input. */
export const refused = (operation: CacheOperation, thrown: unknown, key?: unknown): CacheError =>
  new CacheError({
    operation,
    key: Input.isKey(key) ? key : undefined,
    reason: reasonOf(thrown)
  })

/** What was thrown may be anything, even something that throws when it is looked at. */
const reasonOf = (thrown: unknown): Input.Refusal["reason"] => {
  try {
    if (thrown instanceof Input.Refusal) return thrown.reason
  } catch {
    // As below.
  }
  return new InvalidArgument({ message: "the input threw an error while it was read" })
}
