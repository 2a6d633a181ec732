/**
 * The time that the machine takes from a test: what a busy one adds to every wait.
 */
import { Effect, type Scope } from "effect"

/** Milliseconds between two looks at the clock. */
const interval = 10

/** Returns by how many milliseconds the event loop has been late in all since it was made, until the scope is closed. */
export const lateness: Effect.Effect<() => number, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => {
      let last = performance.now()
      let late = 0
      const look = () => {
        const now = performance.now()
        late += Math.max(0, now - last - interval)
        last = now
      }
      return { look, late: () => late, timer: setInterval(look, interval) }
    }),
    ({ timer }) => Effect.sync(() => clearInterval(timer))
  ),
  ({ late, look }) =>
    () => {
      look()
      return late()
    }
)
