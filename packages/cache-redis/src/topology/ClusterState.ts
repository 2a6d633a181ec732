/**
 * The condition of a cluster, made of the states of its masters.
 *
 * @internal
 */
import { type CacheErrorReason, DriverFailure } from "@hexcache/cache-port"
import * as ReplyError from "../commands/ReplyError.ts"
import type { Condition, ConnectionState } from "../connection/ConnectionState.ts"

/**
 * The condition of a cluster by its masters: an outage if one of them has one, or a slot has no master. A master without a
 * state has no connection yet.
 */
export const conditionOf = (masters: ReadonlyArray<ConnectionState | undefined>, isCovered: boolean): Condition => {
  const worst = worstOf(masters)
  if (worst !== undefined) return worst
  if (!isCovered) return ReplyError.uncoveredSlots()
  return masters.every((state) => state?._tag === "Up") ? "Up" : "Connecting"
}

/** The worst failure of all that are down: one that lasts until an operator acts goes before one that may pass. */
export const worstOf = (states: ReadonlyArray<ConnectionState | undefined>): DriverFailure | undefined => {
  const [worst] = states
    .filter((state) => state?._tag === "Down")
    .toSorted((one, other) => rank(other.reason) - rank(one.reason))
  return worst && new DriverFailure(worst.reason, "NotExecuted", worst.serverCode)
}

const rank = ({ _tag }: CacheErrorReason): number => (_tag === "AccessDenied" ? 2 : _tag === "Unavailable" ? 0 : 1)
