/**
 * Failures of a cache that reach no caller.
 *
 * @internal
 */
import { Effect } from "effect"
import type { CacheError } from "../CacheError.ts"
import { RateLimitedLog } from "./RateLimitedLog.ts"

/** Counts the failures that a layer or a `Cached` swallows, and logs one of them in 10 seconds. */
export class SwallowedFailures {
  count = 0
  readonly #log = new RateLimitedLog()

  readonly record = (error: CacheError): Effect.Effect<void> =>
    Effect.suspend(() => {
      this.count++
      return this.#log.write((suppressed) =>
        Effect.logWarning(`The cache fails (${error.reason._tag}), going on without it`).pipe(
          Effect.annotateLogs({ code: error.code, operation: error.operation, suppressed })
        )
      )
    })
}
