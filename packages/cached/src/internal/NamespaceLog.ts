/**
 * Warnings of one namespace, one in 10 seconds.
 *
 * @internal
 */
import { RateLimitedLog } from "@hexcache/cache-port/internal"
import { type Cause, Effect } from "effect"

export type NamespaceLog = ReturnType<typeof makeNamespaceLog>

export const makeNamespaceLog = (namespace: string) => {
  const log = new RateLimitedLog()
  const warn = (message: string, ...causes: ReadonlyArray<Cause.Cause<unknown>>): Effect.Effect<void> =>
    log.write((suppressed) => Effect.annotateLogs(Effect.logWarning(message, ...causes), { namespace, suppressed }))
  return {
    warn,

    /** Warns of a lookup that failed where there was an older value to serve. */
    warnOfLookup: (lookup: string, cause: Cause.Cause<unknown>): Effect.Effect<void> =>
      warn(`${lookup} failed, the value is served until it is stale for too long`, cause)
  }
}
