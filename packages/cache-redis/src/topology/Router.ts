/**
 * Which server a command goes to: the difference between one Redis and a cluster, as far as the driver knows it.
 *
 * @internal
 */
import type { CallbackOperations, DriverCallback, DriverFailure } from "@hexcache/cache-port"
import { Effect } from "effect"
import type { Command, CommandSender, RedisKey } from "../commands/Command.ts"
import type { Step } from "../commands/Scripts.ts"

/** Knows how long an operation may take. */
export interface Deadline {
  /** When what begins now has ended, on `performance`'s clock. */
  readonly deadline: () => number
}

/** Finds the server for a key. */
export interface Router extends Deadline {
  /** Whom to ask about this key, and about every other key of the same part. */
  readonly of: (key: RedisKey) => CommandSender
  /** Splits what belongs to keys into parts that one command may touch together. */
  readonly parts: <I>(items: ReadonlyArray<I>, keyOf: (item: I) => RedisKey) => ReadonlyArray<ReadonlyArray<I>>
  /** Every server that takes writes, as soon as they are known. */
  readonly masters: Effect.Effect<ReadonlyArray<CommandSender>, DriverFailure>
  /** Only where all keys are on one server. */
  readonly direct?: Direct | undefined
}

/** What one server is asked without an Effect around it. Each answers what an interruption of its caller does, if anything. */
export interface Direct {
  /** As `Commander.send`. */
  readonly submit: <A>(command: Command<A>, callback: DriverCallback<A>) => Effect.Effect<void> | undefined
  /** Gathered with the other gets of this turn. */
  readonly get: NonNullable<CallbackOperations["get"]>
  /** Gathered with the other increments of this turn. */
  readonly increment: (step: Step, callback: DriverCallback<number>) => Effect.Effect<void> | undefined
}

/** One server for every key. */
export const single = (batcher: CommandSender & Deadline & Direct): Router => ({
  of: () => batcher,
  deadline: () => batcher.deadline(),
  parts: (items) => [items],
  masters: Effect.succeed([batcher]),
  direct: batcher
})
