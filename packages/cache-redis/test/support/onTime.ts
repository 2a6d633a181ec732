import { monitorEventLoopDelay } from "node:perf_hooks"
import { Effect, Exit, type Scope } from "effect"

/** How late an event loop may be that times are measured on, in milliseconds. */
const punctual = 20

/**
 * Runs a check of times in a scope of its own, and once more, up to five times, when it fails on a machine that was too
 * busy to measure them.
 */
export const onTime = <A, E>(check: Effect.Effect<A, E, Scope.Scope>): Effect.Effect<A, E> =>
  Effect.gen(function* () {
    for (let attempt = 1; ; attempt++) {
      const delay = monitorEventLoopDelay({ resolution: 5 })
      delay.enable()
      const exit = yield* Effect.exit(Effect.scoped(check))
      delay.disable()
      if (Exit.isSuccess(exit) || delay.max / 1e6 <= punctual || attempt === 5) return yield* exit
      yield* Effect.sleep(500)
    }
  })
