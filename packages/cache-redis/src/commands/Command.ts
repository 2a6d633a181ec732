/**
 * A command of Redis, and the interface that sends it.
 *
 * @internal
 */
import { type DriverCallback, DriverFailure, type DriverResult } from "@hexcache/cache-port"
import { type Effect, Exit } from "effect"
import type { TypeMapping } from "./typeMappings.ts"

/** A key as the caller wrote it, or as a server returned it. */
export type RedisKey = string | Buffer

/** A command and the meaning of its reply. */
export interface Command<A> {
  readonly args: ReadonlyArray<string | Buffer>
  /** Turns the reply into a result that does not hold on to it, or throws `UnexpectedReply`. */
  readonly decode: (reply: unknown) => DriverResult<A>
  /** Turns an error reply into a result, where it is no failure. */
  readonly recover?: ((failure: DriverFailure) => DriverResult<A>) | undefined
  /** The work of server and callers, in keys; 1 by default. */
  readonly weight?: number | undefined
  /** True for a script that changes nothing. */
  readonly isRead?: boolean | undefined
  /** The text of the script, for a server that does not know the hash in `args`. */
  readonly script?: string | undefined
  /**
   * Makes the command anew before it is written, without callers that have gone meanwhile. Returns undefined if none is
   * left. Only a command that several callers share has it, and each of them runs its interruption.
   */
  readonly remake?: (() => Command<A> | undefined) | undefined
  /** True if only the server that began it can continue it, as a page of a scan. */
  readonly isBound?: boolean | undefined
  /** Sent behind ASKING, to a node of a cluster that is taking over the key's slot. */
  readonly asking?: boolean | undefined
  /** `plain` by default. */
  readonly typeMapping?: TypeMapping | undefined
}

/** Sends commands to one server, or to the one that has a key. */
export interface CommandSender {
  /**
   * Sends a command once, if it can be sent now. Ends by the deadline: an instant on `performance`'s clock, or one
   * `commandTimeout` from now.
   */
  readonly send: <A>(command: Command<A>, deadline?: number) => Effect.Effect<A, DriverFailure>
}

/** A sender that needs no Effect around each command. */
export interface DirectSender extends CommandSender {
  /** As `send`, with the result by a callback. Returns the effect that the caller's interruption runs, if there is one. */
  readonly submit: <A>(
    command: Command<A>,
    callback: DriverCallback<A>,
    deadline?: number
  ) => Effect.Effect<void> | undefined
}

/** The command as it is sent after a wait, or undefined if no caller wants it any more. */
export const remakeOf = <A>(command: Command<A>): Command<A> | undefined =>
  command.remake === undefined ? command : command.remake()

/** True if callers who share a command still want it now that one of them has gone. */
export const isWanted = (command: Command<unknown>): boolean => command.remake?.() !== undefined

/** The exit with which the caller's fiber continues. */
export const toExit = <A>(result: DriverResult<A>): Exit.Exit<A, DriverFailure> =>
  result instanceof DriverFailure ? Exit.fail(result) : Exit.succeed(result)
