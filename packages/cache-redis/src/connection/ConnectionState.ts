/**
 * The state of a connection to one server.
 */
import { type CacheErrorReason, DriverFailure } from "@hexcache/cache-port"
import { Data, DateTime } from "effect"

/**
 * The state of a connection, as an operation meets it, and the time since when.
 *
 * - `Up`: the operation is sent.
 * - `Connecting`: it waits, within its deadline. The first connection is being made, or the replacement of one that
 *   was ready until now.
 * - `Down`: it fails at once with `reason`, until an attempt to connect succeeds. `since` is when the outage began,
 *   and stays while `reason` changes. Neither `reason` nor `serverCode`, the first word of the server's reply where
 *   there was one, holds a password, an address, or anything else that a server echoed.
 *
 * @example
 * ```ts
 * const describe = ConnectionState.$match({
 *   Up: () => "up",
 *   Connecting: () => "connecting",
 *   Down: ({ reason }) => `down: ${reason.message}`
 * })
 * ```
 */
export type ConnectionState = Data.TaggedEnum<{
  Up: { readonly since: DateTime.Utc }
  Connecting: { readonly since: DateTime.Utc }
  Down: {
    readonly since: DateTime.Utc
    readonly reason: CacheErrorReason
    readonly serverCode: string | undefined
  }
}>

/** Constructors of `ConnectionState`, `$is` and `$match`. */
export const ConnectionState: Data.TaggedEnum.Constructor<ConnectionState> = Data.taggedEnum<ConnectionState>()

/**
 * A state without its time. A failure is that of every operation in an outage.
 *
 * @internal
 */
export type Condition = "Up" | "Connecting" | DriverFailure

/**
 * Remembers since when a condition holds.
 *
 * @internal
 */
export class StateHistory {
  #state: ConnectionState | undefined

  /** The state of this condition: the same object as the last time, if nothing has changed. */
  of(condition: Condition): ConnectionState {
    const last = this.#state
    if (last !== undefined && isOf(last, condition)) return last
    const isDown = condition instanceof DriverFailure
    const since = isDown && last?._tag === "Down" ? last.since : DateTime.nowUnsafe()
    this.#state = isDown
      ? ConnectionState.Down({ since, reason: condition.reason, serverCode: condition.serverCode })
      : ConnectionState[condition]({ since })
    return this.#state
  }
}

/** Every attempt to connect fails with a failure of its own, most often with the words of the one before. */
const isOf = (state: ConnectionState, condition: Condition): boolean =>
  condition instanceof DriverFailure
    ? state._tag === "Down" &&
      state.reason._tag === condition.reason._tag &&
      state.reason.message === condition.reason.message
    : state._tag === condition
