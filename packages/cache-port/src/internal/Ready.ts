/**
 * Waiting for a cache to work.
 *
 * @internal
 */
import { Effect, Schedule } from "effect"
import { CacheError, type CacheErrorReason, Unavailable } from "../CacheError.ts"
import type { CachePort, ReadyOptions } from "../CachePort.ts"
import { checked } from "./Checked.ts"
import * as Input from "./Input.ts"

const pause = "50 millis"

/** As `CachePort.ready` has it. */
export const ready = ({ ping }: CachePort["Service"], { timeout }: ReadyOptions): Effect.Effect<void, CacheError> =>
  checked(
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
        const succeeded = Effect.retry(attempt, { while: mayPass, schedule: Schedule.spaced(pause) })
        return millis === Infinity
          ? Effect.asVoid(succeeded)
          : Effect.timeoutOrElse(Effect.asVoid(succeeded), {
              duration: millis,
              orElse: () => Effect.fail(notReady(millis, last))
            })
      })
  )

/** Whatever a store refuses may be mended meanwhile; a cache whose options were refused is refused for ever. */
const mayPass = ({ reason }: CacheError): boolean => reason._tag !== "InvalidArgument"

const notReady = (millis: number, last: CacheError | undefined): CacheError =>
  new CacheError({
    operation: "ping",
    reason: new Unavailable({
      message: `not ready within ${millis} ms${last === undefined ? "" : because(last.reason)}`
    }),
    serverCode: last?.serverCode
  })

const because = ({ _tag, message }: CacheErrorReason): string => `, the last attempt failed with ${_tag}: ${message}`
