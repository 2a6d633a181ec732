/**
 * Validation in front of an operation. Invalid input is the caller's error, and reaches no store.
 *
 * @internal
 */
import { Effect } from "effect"
import { CacheError, type CacheOperation, InvalidArgument } from "../CacheError.ts"
import * as Input from "./Input.ts"

/** Runs `f` on the validated input. The error names `key`, the caller's, if that is valid itself. */
export const withInput = <I, A, E>(
  operation: CacheOperation,
  check: () => I,
  f: (input: I) => Effect.Effect<A, E>,
  key?: unknown
): Effect.Effect<A, E | CacheError> => {
  let input: I
  try {
    input = check()
  } catch (thrown) {
    return Effect.fail(invalidInput(operation, thrown, key))
  }
  return f(input)
}

/** As `withInput`, for an operation on a key and nothing else. */
export const withKey =
  <A, E>(operation: CacheOperation, f: (key: string) => Effect.Effect<A, E>) =>
  (key: string): Effect.Effect<A, E | CacheError> => {
    try {
      Input.key(key)
    } catch (thrown) {
      return Effect.fail(invalidInput(operation, thrown))
    }
    return f(key)
  }

/** The error of invalid input. */
export const invalidInput = (operation: CacheOperation, thrown: unknown, key?: unknown): CacheError =>
  new CacheError({ operation, key: Input.isKey(key) ? key : undefined, reason: reasonOf(thrown) })

/** Also for a value that throws when `instanceof` looks at it. */
const reasonOf = (thrown: unknown): Input.Refusal["reason"] => {
  try {
    if (thrown instanceof Input.Refusal) return thrown.reason
  } catch {
    // Falls through to the general reason.
  }
  return new InvalidArgument({ message: "the input threw an error while it was read" })
}
