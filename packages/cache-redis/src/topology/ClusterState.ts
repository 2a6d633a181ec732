/**
 * The condition of a cluster, by the states of its masters.
 *
 * @internal
 */
import { type CacheErrorReason, DriverFailure } from "@hexcache/cache-port"
import * as ReplyError from "../commands/ReplyError.ts"
import type { Condition, ConnectionState } from "../connection/ConnectionState.ts"

/**
 * An outage if one master has one, or a slot has no master: a part of the keys cannot be reached. A master without a state
 * is one to which no connection has begun.
 */
export const conditionOf = (masters: ReadonlyArray<ConnectionState | undefined>, isCovered: boolean): Condition => {
  const worst = worstOf(masters)
  if (worst !== undefined) return worst
  if (!isCovered) return ReplyError.uncoveredSlots()
  return masters.every((state) => state?._tag === "Up") ? "Up" : "Connecting"
}

/** The worst failure among those that are down: one that lasts until somebody mends it goes before one that may pass. */
export const worstOf = (states: ReadonlyArray<ConnectionState | undefined>): DriverFailure | undefined => {
  const [worst] = states
    .filter((state) => state?._tag === "Down")
    .toSorted((one, other) => rank(other.reason) - rank(one.reason))
  return worst && new DriverFailure(worst.reason, "NotExecuted", worst.serverCode)
}

const rank = ({ _tag }: CacheErrorReason): number => (_tag === "AccessDenied" ? 2 : _tag === "Unavailable" ? 0 : 1)
