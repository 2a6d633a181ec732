/**
 * The failure of a driver.
 */
import type { CacheErrorOutcome, CacheErrorReason } from "./CacheError.ts"

/** The failure of a driver. The port adds operation, key and code, and makes it a `CacheError`. */
export class DriverFailure {
  readonly _tag = "DriverFailure"
  readonly reason: CacheErrorReason
  /** `"NotExecuted"` unless the request was sent and got no reply. */
  readonly outcome: CacheErrorOutcome
  /** The first word of the server's reply, never more of it: replies echo arguments. */
  readonly serverCode: string | undefined
  constructor(reason: CacheErrorReason, outcome: CacheErrorOutcome = "NotExecuted", serverCode?: string) {
    this.reason = reason
    this.outcome = outcome
    this.serverCode = serverCode
  }
}
