/**
 * Patience in the time that this process runs, and not that of the clock.
 */
import { Effect, type Option } from "effect"

/** A short wait, in milliseconds. */
const wait = 50

/**
 * Waits for the end of an operation for so many milliseconds, by the timers of the machine, and interrupts it then. Waits
 * many short times and not a long one, so that the time in which a busy machine did not run this process does not count.
 */
export const withPatience = <A, E, R>(
  millis: number,
  operation: Effect.Effect<A, E, R>
): Effect.Effect<Option.Option<A>, E, R> =>
  Effect.raceFirst(
    Effect.asSome(operation),
    Effect.callback<Option.Option<A>>((resume) => {
      let waits = 0
      const again = () => {
        if (++waits * wait > millis) resume(Effect.succeedNone)
        else timer = setTimeout(again, wait)
      }
      let timer = setTimeout(again, wait)
      return Effect.sync(() => clearTimeout(timer))
    })
  )
