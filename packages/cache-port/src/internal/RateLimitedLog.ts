/**
 * A log of what happens again and again.
 *
 * @internal
 */
import { Clock, Duration, Effect } from "effect"

/** The shortest time between two lines. */
const interval = Duration.toNanosUnsafe("10 seconds")

/** Writes at most one line in 10 seconds. */
export class RateLimitedLog {
  #suppressed = 0
  #nextLine: bigint | undefined

  /** Runs `log` unless it ran less than 10 seconds ago. It takes the number of lines suppressed since then. */
  readonly write = (log: (suppressed: number) => Effect.Effect<void>): Effect.Effect<void> =>
    Effect.withFiber((fiber) => {
      const now = fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe()
      if (this.#nextLine !== undefined && now < this.#nextLine) {
        this.#suppressed++
        return Effect.void
      }
      const suppressed = this.#suppressed
      this.#suppressed = 0
      this.#nextLine = now + interval
      return log(suppressed)
    })
}
