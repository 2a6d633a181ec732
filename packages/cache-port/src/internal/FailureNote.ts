/**
 * What is noted of failures that nobody is told of.
 *
 * @internal
 */
import { Clock, Duration, Effect } from "effect"
import type { CacheError } from "../CacheError.ts"

/** Lets one log line in 10 seconds through. */
export class RareLog {
  #unlogged = 0
  #nextLog: bigint | undefined

  /** `log` is given how many were not logged since the last that was. */
  readonly take = (log: (suppressed: number) => Effect.Effect<void>): Effect.Effect<void> =>
    Effect.withFiber((fiber) => {
      const now = fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe()
      if (this.#nextLog !== undefined && now < this.#nextLog) {
        this.#unlogged++
        return Effect.void
      }
      const suppressed = this.#unlogged
      this.#unlogged = 0
      this.#nextLog = now + logEvery
      return log(suppressed)
    })
}

const logEvery = Duration.toNanosUnsafe("10 seconds")

/** Counts failures of a cache, and logs one once in a while. */
export class FailureNote {
  failures = 0
  readonly #log = new RareLog()

  readonly take = (error: CacheError): Effect.Effect<void> =>
    Effect.suspend(() => {
      this.failures++
      return this.#log.take((suppressed) =>
        Effect.logWarning(`The cache fails (${error.reason._tag}), going on without it`).pipe(
          Effect.annotateLogs({ code: error.code, operation: error.operation, suppressed })
        )
      )
    })
}
