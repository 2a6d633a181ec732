/**
 * Validation in front of an operation. Invalid input is the caller's error, and reaches no store.
 *
 * @internal
 */
import { Effect, Stream } from "effect"
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

/** Makes an operation that runs `f` on its validated input. */
export const checked =
  <I, O, A, E>(operation: CacheOperation, check: (input: I) => O, f: (input: O) => Effect.Effect<A, E>) =>
  (input: I): Effect.Effect<A, E | CacheError> =>
    withInput(operation, () => check(input), f)

/** Makes a scan of the keys that match a valid pattern; runs `f` each time. */
export const checkedScan =
  (f: (pattern: string) => Stream.Stream<string, CacheError>) =>
  (pattern: string): Stream.Stream<string, CacheError> =>
    Stream.unwrap(
      withInput(
        "scan",
        () => Input.pattern(pattern),
        (pattern) => Effect.sync(() => f(pattern))
      )
    )

/** As `checked`, for a key, without a closure for each call. */
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
