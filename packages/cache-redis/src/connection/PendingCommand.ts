/**
 * A command on its way.
 *
 * @internal
 */
import type { DriverCallback, DriverResult } from "@hexcache/cache-port"
import type { Effect } from "effect"
import type { Command } from "../commands/Command.ts"
import { writtenKeys } from "../commands/writtenKeys.ts"
import * as CoarseClock from "../platform/CoarseClock.ts"
import type { Timed } from "./DeadlineQueue.ts"

/**
 * A call in flight. To node-redis it looks like the command's AbortSignal: the client hands over the means to take the
 * command back, and lets go of the signal in the moment in which it writes the command. A real signal would do the same
 * at several times the cost.
 */
export class PendingCommand implements Timed {
  deadline = 0
  previous: Timed | undefined
  next: Timed | undefined
  sent = false
  /** When it was written, on `performance`'s clock. */
  sentAt = 0
  /** Whether it is in the connection's list: false once it was answered, ran out of time, or lost its connection. */
  waiting = true
  /** Made anew where it has waited for a connection. */
  command: Command<unknown>
  /** Replies so far when the call was given to the client. */
  repliesBefore = 0
  /** The number of the fence behind it. */
  fence = 0
  /** The answer, once there is one: kept until it is known that it is this call's. */
  answer: DriverResult<unknown> = undefined
  /** Unset once the caller has its answer, or has gone. */
  settle: DriverCallback<unknown> | undefined
  /** Interrupts what was sent in place of this call, on the next connection. */
  interruptAgain: Effect.Effect<void> | undefined
  readonly aborted = false
  /** True if the call takes the place of one that was sent, and lost its connection. */
  #isSecond = false
  #cancelWrite: (() => void) | undefined

  constructor(command: Command<unknown>, settle: DriverCallback<unknown> | undefined) {
    this.command = command
    this.settle = settle
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
    this.sent = true
    this.sentAt = CoarseClock.now()
  }

  /** Takes an unsent command out of the client's queue, so that it is never sent. */
  cancelWrite(): void {
    const cancelWrite = this.#cancelWrite
    if (cancelWrite === undefined) return
    cancelWrite()
    this.sent = false
  }

  /**
   * True if the call has a caller, and may be sent on another connection: it was not sent, or changes nothing and lost a
   * connection that was cut. A read on a connection whose replies could not be read may be the cause of that, and so may
   * one that loses a second connection.
   */
  maySendAgain(isCut: boolean): boolean {
    if (this.settle === undefined) return false
    return !this.sent || (isCut && !this.#isSecond && writtenKeys(this.command).length === 0)
  }

  /** The call that takes the place of this one, and its caller. */
  again(): PendingCommand {
    const call = new PendingCommand(this.command, this.settle)
    call.#isSecond = this.sent || this.#isSecond
    this.settle = undefined
    return call
  }

  complete(answer: DriverResult<unknown>): void {
    const settle = this.settle
    this.settle = undefined
    // A call may live on in the client for a while, and is not to keep a large answer alive.
    this.answer = undefined
    settle?.(answer)
  }
}
