/**
 * Waiting for a cache to work.
 *
 * @internal
 */
import { type Duration, Effect, Schedule } from "effect"
import { CacheError, Unavailable } from "../CacheError.ts"
import type { CacheOperations } from "../CacheOperations.ts"
import * as Input from "./Input.ts"
import { withInput } from "./InputCheck.ts"

/** The longest wait for a cache. */
export interface ReadyOptions {
  /** Over zero; a bare number is milliseconds. Without it, or with `Duration.infinity`, the wait has no end. */
  readonly timeout?: Duration.Input | undefined
}

/** As `CachePort.ready`. */
export const ready = ({ ping }: CacheOperations, { timeout }: ReadyOptions): Effect.Effect<void, CacheError> =>
  withInput(
    "ping",
    () => (timeout === undefined ? Infinity : Input.timeout(timeout)),
    (millis) =>
      Effect.suspend(() => {
        let last: CacheError | undefined
        const attempt = Effect.tapError(ping, (error) =>
          Effect.sync(() => {
            last = error
          })
        )
        const succeeded = Effect.retry(attempt, { while: mayPass, schedule: Schedule.spaced("50 millis") })
        return Effect.timeoutOrElse(Effect.asVoid(succeeded), {
          duration: millis,
          orElse: () => Effect.fail(notReady(millis, last))
        })
      })
  )

/** Every failure of a store may pass; invalid options of a cache stay invalid. */
const mayPass = ({ reason }: CacheError): boolean => reason._tag !== "InvalidArgument"

const notReady = (millis: number, last: CacheError | undefined): CacheError => {
  const because = last && `, the last attempt failed with ${last.reason._tag}: ${last.reason.message}`
  const reason = new Unavailable({ message: `not ready within ${millis} ms${because ?? ""}` })
  return new CacheError({ operation: "ping", reason, serverCode: last?.serverCode })
}
