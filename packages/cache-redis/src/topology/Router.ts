/**
 * The way from a key to its server: the difference between one Redis and a cluster, as far as the driver knows it.
 *
 * @internal
 */
import type { DriverFailure } from "@hexcache/cache-port"
import { Effect } from "effect"
import type { CommandSender, DirectSender, RedisKey } from "../commands/Command.ts"

/** Finds the server of a key. */
export interface Router {
  /** The deadline of an operation that begins now, on `performance`'s clock. */
  readonly deadline: () => number
  /** The sender for this key, and for every other key of the same part. */
  readonly of: (key: RedisKey) => CommandSender
  /** Splits what belongs to keys into parts that one command may touch together. */
  readonly parts: <I>(items: ReadonlyArray<I>, keyOf: (item: I) => RedisKey) => ReadonlyArray<ReadonlyArray<I>>
  /** Every server that takes writes, as soon as they are known. */
  readonly masters: Effect.Effect<ReadonlyArray<CommandSender>, DriverFailure>
  /** The sender for every key, where one server has them all. */
  readonly direct?: DirectSender | undefined
}

/** One server for every key. */
export const single = (server: DirectSender & Pick<Router, "deadline">): Router => ({
  deadline: () => server.deadline(),
  of: () => server,
  parts: (items) => [items],
  masters: Effect.succeed([server]),
  direct: server
})
