/**
 * Warnings of one namespace, one in 10 seconds.
 *
 * @internal
 */
import { RateLimitedLog } from "@hexcache/cache-port/internal"
import { type Cause, Effect } from "effect"

export class NamespaceLog {
  readonly #namespace: string
  readonly #log = new RateLimitedLog()

  constructor(namespace: string) {
    this.#namespace = namespace
  }

  warn(message: string, ...causes: ReadonlyArray<Cause.Cause<unknown>>): Effect.Effect<void> {
    return this.#log.write((suppressed) =>
      Effect.logWarning(message, ...causes).pipe(Effect.annotateLogs({ namespace: this.#namespace, suppressed }))
    )
  }

  /** Warns of a lookup that failed where there was an older value to serve. */
  warnOfLookup(lookup: string, cause: Cause.Cause<unknown>): Effect.Effect<void> {
    return this.warn(`${lookup} failed, the value is served until it is stale for too long`, cause)
  }
}
