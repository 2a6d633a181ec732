/**
 * A command on its way to the server and back.
 *
 * @internal
 */
import type { DriverCallback, DriverResult } from "@hexcache/cache-port"
import type { Effect } from "effect"
import type { Command } from "../commands/Command.ts"
import * as ReplyError from "../commands/ReplyError.ts"
import { writtenKeys } from "../commands/writtenKeys.ts"
import * as CoarseClock from "../platform/CoarseClock.ts"
import { Timed } from "./DeadlineQueue.ts"

/**
 * A command in flight, with its caller. node-redis takes it for the command's AbortSignal: the client registers a listener
 * that takes the command out of its queue, and removes the listener at the moment in which it writes the command. A real
 * signal would do the same at several times the cost.
 */
export class PendingCommand extends Timed {
  isWritten = false
  /** On `performance`'s clock. */
  writtenAt = 0
  /** True while the connection counts on it: until it has its result, expires, or loses its connection. */
  isPending = true
  /** Replaced where `remake` makes it anew. */
  command: Command<unknown>
  /** The number of replies on the connection before this command was queued. */
  repliesBefore = 0
  /** The number of the fence behind it. */
  fence = 0
  /** Held here until the fence proves that the reply is this command's. */
  result: DriverResult<unknown> = undefined
  /** Unset once the caller has the result, or has gone. */
  callback: DriverCallback<unknown> | undefined
  /** Interrupts the retry on the next connection. */
  interruptRetry: Effect.Effect<void> | undefined
  readonly aborted = false
  #isRetry = false
  #cancelWrite: (() => void) | undefined

  constructor(command: Command<unknown>, callback: DriverCallback<unknown> | undefined) {
    super()
    this.command = command
    this.callback = callback
  }

  /** As `Command` has it. */
  get weight(): number {
    return this.command.weight ?? 1
  }

  addEventListener(_: "abort", cancelWrite: () => void): void {
    this.#cancelWrite = cancelWrite
  }

  removeEventListener(): void {
    this.#cancelWrite = undefined
    this.isWritten = true
    this.writtenAt = CoarseClock.now()
  }

  /** Takes an unwritten command out of the client's queue, so that it is never sent. */
  cancelWrite(): void {
    const cancelWrite = this.#cancelWrite
    if (cancelWrite === undefined) return
    cancelWrite()
    this.isWritten = false
  }

  /**
   * Leaves out callers that have gone before the command is written. Keeps its place in the client's queue, which holds the
   * array of the arguments, and encodes them when it writes.
   */
  shorten(command: Command<unknown>): void {
    const args = this.command.args as Array<string | Buffer>
    args.splice(0, args.length, ...command.args)
    this.command = { ...command, args }
  }

  /**
   * True if the command has a caller and may go out on another connection: it was not written, or it changes nothing and
   * its connection was cut. A read whose connection ended for its replies may be the cause of that, and so may one that
   * loses a second connection.
   */
  mayRetry(isCut: boolean): boolean {
    if (this.callback === undefined) return false
    return !this.isWritten || (isCut && !this.#isRetry && writtenKeys(this.command).length === 0)
  }

  /** Hands the caller over to another command. */
  handOver(command: Command<unknown>): PendingCommand {
    const next = new PendingCommand(command, this.callback)
    this.isPending = false
    this.callback = undefined
    return next
  }

  /** Hands the caller over to the same command on the next connection. */
  retry(): PendingCommand {
    const retry = this.handOver(this.command)
    retry.#isRetry = this.isWritten || this.#isRetry
    return retry
  }

  /** Hands the result to the caller, if it is still there. */
  complete(result: DriverResult<unknown>): void {
    const callback = this.callback
    this.callback = undefined
    // The client may hold this command for a while, which must not keep a large result alive.
    this.result = undefined
    callback?.(result)
  }

  /** Fails the command: its connection is lost. */
  lose(): void {
    this.isPending = false
    this.complete(ReplyError.lost(this.isWritten))
  }
}
