/**
 * Which server a command goes to: the difference between one Redis and a cluster, as far as the driver knows it.
 *
 * @internal
 */
import type { Commander } from "./Connection.ts"

/** A key as the caller wrote it, or as a server told it. */
export type RedisKey = string | Buffer

/** Knows how long an operation may take. */
export interface Deadline {
  /** When what begins now has ended, on `performance`'s clock. */
  readonly deadline: () => number
}

/** Finds the server for a key. */
export interface Router extends Deadline {
  /** Whom to ask about this key, and about every other key of the same part. */
  readonly of: (key: RedisKey) => Commander
  /** Splits what belongs to keys into parts that one command may touch together. */
  readonly parts: <I>(items: ReadonlyArray<I>, keyOf: (item: I) => RedisKey) => ReadonlyArray<ReadonlyArray<I>>
  /** Every server that takes writes, now. */
  readonly masters: () => ReadonlyArray<Commander>
}

/** One server for every key. */
export const single = (commander: Commander & Deadline): Router => ({
  of: () => commander,
  deadline: () => commander.deadline(),
  parts: (items) => [items],
  masters: () => [commander]
})
