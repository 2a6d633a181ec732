/**
 * The examination of one law, and the description of one that was broken.
 */
import { CacheError, CachePort } from "@hexcache/cache-port"
import { Effect, Exit, Layer, Option, Schedule } from "effect"
import { TestClock, TestConsole } from "effect/testing"
import { describeError } from "./describeError.ts"
import { type Harness, type LawContext, makeLawContext } from "./Harness.ts"
import type { Law } from "./Law.ts"
import { leavingOut } from "./LeftOut.ts"
import { withPatience } from "./Patience.ts"
import { inTime } from "./Time.ts"
import { Trace } from "./Trace.ts"

/** The most milliseconds until the first ping of a store succeeds. */
const startUp = 30_000

/** The most milliseconds that a law takes which is run once more for its trace. */
const repetition = 40_000

/** A store that is reached over a network may not be there yet when the layer is built. */
const waitForStore = Effect.flatMap(CachePort, ({ ping }) => {
  let last: CacheError | undefined
  const attempt = Effect.tapError(ping, (error) =>
    Effect.sync(() => {
      last = error
    })
  )
  const answered = Effect.exit(Effect.retry(attempt, { while: passes, schedule: Schedule.spaced(20) }))
  return Effect.flatMap(withPatience(startUp, answered), (exit) =>
    Option.isSome(exit)
      ? Effect.void
      : Effect.fail(
          new Error(
            `the store answers no ping within ${startUp} ms; ${last === undefined ? "the first has not ended" : `the last: ${describeError(last)}`}`
          )
        )
  )
})

const passes = ({ isRetryable }: CacheError): boolean => isRetryable

const testEnvironment = Layer.merge(TestClock.layer(), TestConsole.layer)

/** Fails, with anything, if an adapter breaks a law, and with `LeftOut` where the law is to be left out. */
export const examineLaw = (
  law: Law,
  layer: Layer.Layer<CachePort, unknown>,
  harness: Harness,
  observe?: LawContext["observe"]
): Effect.Effect<void, unknown> => {
  const checked = inTime(harness.time, (time) =>
    Effect.scoped(
      Effect.flatMap(makeLawContext(harness, time, observe), (context) =>
        leavingOut(law.check(context), context.missing)
      )
    )
  )
  return harness.time === "real"
    ? Effect.scoped(Effect.provide(Effect.andThen(waitForStore, checked), layer))
    : Effect.provide(Effect.scoped(Effect.provide(checked, layer)), testEnvironment)
}

/**
 * The error of a law that an adapter broke, with the last operations of the law in its message: the law is run once more
 * for that, as an ordinary run records nothing.
 */
export const explainBreach = (
  thrown: unknown,
  law: Law,
  layer: Layer.Layer<CachePort, unknown>,
  harness: Harness
): Effect.Effect<Error> =>
  Effect.suspend(() => {
    const trace = new Trace()
    const again = Effect.exit(examineLaw(law, layer, harness, trace.around))
    return Effect.map(withPatience(repetition, again), (exit) => {
      const error = errorOf(thrown)
      // One operation that failed is what the error says already.
      const lines = thrown instanceof CacheError && trace.lines.length === 1 ? [] : trace.lines
      const isKept = Option.isSome(exit) && Exit.isSuccess(exit.value)
      const notes = [
        ...(isKept ? ["Run once more, the adapter keeps the law: it depends on the moment."] : []),
        ...(lines.length === 0 ? [] : ["The last operations of the law, run once more:"]),
        ...lines.map((line) => `  ${line}`)
      ]
      if (notes.length > 0) {
        Object.defineProperty(error, "message", { value: [error.message, "", ...notes].join("\n") })
      }
      return error
    })
  })

/** The frames of an operation's failure are Effect's and the port's, and only hide what it says. */
const errorOf = (thrown: unknown): Error => {
  if (!(thrown instanceof Error)) return new Error(String(thrown))
  if (!(thrown instanceof CacheError)) return thrown
  const error = new Error(describeError(thrown))
  error.stack = `${thrown.name}: ${error.message}`
  return error
}
