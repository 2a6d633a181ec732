/**
 * What the catalogue does when the cache fails: it goes on without.
 */
import type { CacheError } from "@hexcache/cache-port"
import { Clock, Context, Duration, Effect, Layer, Option } from "effect"

/** A flood of failures is one warning in this time. */
const warningEvery = Duration.toMillis("10 seconds")

/**
 * Asks the cache so that no failure of it becomes the failure of a request: failures are counted, and logged as a
 * warning once in a while.
 */
export class FailOpen extends Context.Service<
  FailOpen,
  {
    /**
     * The answer of `asked`; none when the store failed. `InvalidArgument` is a bug of the catalogue's and no failure of
     * the store, so it is a defect.
     */
    readonly attempt: <A>(asked: Effect.Effect<A, CacheError>) => Effect.Effect<Option.Option<A>>
    /** How often the store has failed. */
    readonly failures: Effect.Effect<number>
  }
>()("@hexcache/demo/domain/FailOpen") {
  static readonly layer: Layer.Layer<FailOpen> = Layer.sync(FailOpen, () => {
    let failures = 0
    let warnNext = -Infinity

    const note = Effect.fnUntraced(function* (error: CacheError) {
      failures++
      const now = yield* Clock.currentTimeMillis
      if (now < warnNext) return
      warnNext = now + warningEvery
      yield* Effect.logWarning(`The cache fails (${error.reason._tag}), going on without it`).pipe(
        Effect.annotateLogs({ code: error.code, operation: error.operation, failures })
      )
    })

    return {
      attempt: (asked) =>
        asked.pipe(
          Effect.asSome,
          Effect.catch((error) =>
            error.reason._tag === "InvalidArgument" ? Effect.die(error) : Effect.as(note(error), Option.none())
          )
        ),
      failures: Effect.sync(() => failures)
    }
  })
}
