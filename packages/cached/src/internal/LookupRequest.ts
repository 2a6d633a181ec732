/**
 * Keys to be looked up.
 *
 * @internal
 */
import { Clock, type Exit, type Fiber } from "effect"
import type { Freshness } from "./Freshness.ts"
import type { Snapshot } from "./Snapshot.ts"

/** The reason of a lookup: a read that waits, a value that is soon or already stale, or `refresh`. */
export type LookupReason = "Read" | "Background" | "Refresh"

/** A key to be looked up. */
export interface LookupRequest<Key> {
  readonly key: Key
  readonly text: string
  /** The state of the key when it was read; without it, its value is not stored. */
  readonly snapshot: Snapshot | undefined
  /** The number of lookups that had begun when the reader came. */
  readonly since: number
  /** The duration of the lookup of the present value, in milliseconds. */
  readonly took?: number | undefined
}

/** A value that the cache has. */
export interface ReadValue<Answer> {
  readonly freshness: Exclude<Freshness, "Expired">
  readonly answer: Exit.Success<Answer>
  readonly servedUntil: number
  readonly took: number
}

/** A key to be looked up, with an older value to be served meanwhile, or where that fails. */
export interface StaleRead<Key, Answer> extends LookupRequest<Key>, Pick<ReadValue<Answer>, "answer" | "servedUntil"> {}

/** The time of a fiber, in milliseconds of the epoch, by which values of several processes end. */
export const nowOf = (fiber: Fiber.Fiber<unknown, unknown>): number =>
  fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()

/** The time of a fiber in milliseconds, by a clock that nobody sets, for all that this process measures for itself. */
export const elapsedOf = (fiber: Fiber.Fiber<unknown, unknown>): number => elapsedBy(fiber.getRef(Clock.Clock))

/** As `elapsedOf`, by a clock. */
export const elapsedBy = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
