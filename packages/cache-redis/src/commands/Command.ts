/**
 * A command, and whom it can be sent to.
 *
 * @internal
 */
import { DriverFailure, type DriverResult } from "@hexcache/cache-port"
import { type Effect, Exit } from "effect"
import type { Decode } from "./Reply.ts"
import type { TypeMapping } from "./typeMappings.ts"

/** A key as the caller wrote it, or as a server returned it. */
export type RedisKey = string | Buffer

/** A command and what its reply means. */
export interface Command<A> {
  readonly args: ReadonlyArray<string | Buffer>
  readonly decode: Decode<A>
  /** What an error reply means, where it is not simply a failure. */
  readonly recover?: ((failure: DriverFailure) => DriverResult<A>) | undefined
  /** How much work it is, for the server and for whom it answers: as much as so many keys, one unless it is told. */
  readonly weight?: number | undefined
  /** Changes nothing, though its name does not tell. */
  readonly isRead?: boolean | undefined
  /**
   * Makes the command anew when it is sent after a wait, without what its callers have given up on meanwhile. Returns
   * undefined if nothing is left.
   */
  readonly remake?: (() => Command<A> | undefined) | undefined
  /** Goes on with what one server has begun, so that no other server can carry it out. */
  readonly isBound?: boolean | undefined
  /** Sent behind ASKING, to a node of a cluster that is taking over the key's slot. */
  readonly asking?: boolean | undefined
  /**
   * Reads texts in the reply as bytes, or numbers as text: node-redis adds up the digits of a number as a double, and is
   * off by one near 2^53.
   */
  readonly typeMapping?: TypeMapping | undefined
}

/** Whom commands are sent to. */
export interface CommandSender {
  /**
   * Sends a command once, if it can be sent now, and settles by the deadline: the usual one, or an instant on
   * `performance`'s clock.
   */
  readonly send: <A>(command: Command<A>, deadline?: number) => Effect.Effect<A, DriverFailure>
}

/** What a caller is resumed with. */
export const toExit = <A>(answer: DriverResult<A>): Exit.Exit<A, DriverFailure> =>
  answer instanceof DriverFailure ? Exit.fail(answer) : Exit.succeed(answer)
