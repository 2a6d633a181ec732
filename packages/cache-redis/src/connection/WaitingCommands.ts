/**
 * Commands that wait for a connection in the making.
 *
 * A connection that is just being made is no outage: each command waits for it within its own deadline. An outage begins
 * when the attempt has failed, or when it has taken longer than any command may wait.
 *
 * @internal
 */
import type { DriverFailure } from "@hexcache/cache-port"
import { Effect } from "effect"
import { constFalse } from "effect/Function"
import * as ReplyError from "../commands/ReplyError.ts"
import { DeadlineQueue, Timed } from "./DeadlineQueue.ts"

/** Bounds of the wait. Times are in milliseconds. */
export interface WaitingCommandsOptions {
  readonly commandTimeout: number
  readonly maxPending: number
  /** Called when commands may wait no more, after those that waited were sent or have failed. */
  readonly onClosed: () => void
}

/** Sends the command by its deadline, and returns the effect that interrupts it, if there is one. */
type Send = (deadline: number) => Effect.Effect<void> | undefined

type Fail = (failure: DriverFailure) => void

class WaitingCommand extends Timed {
  /** False once the command was sent, has failed, or has lost its caller. */
  isWaiting = true
  readonly send: Send
  readonly fail: Fail
  /** Interrupts the command once it was sent. */
  interrupt: Effect.Effect<void> = Effect.void

  constructor(send: Send, fail: Fail) {
    super()
    this.send = send
    this.fail = fail
  }
}

/** Commands in the order of their deadlines, from `open` until `send` or `fail`. */
export class WaitingCommands {
  readonly #maxPending: number
  readonly #deadlines: DeadlineQueue<Timed>
  readonly #onClosed: () => void
  #isOpen = false

  constructor({ commandTimeout, maxPending, onClosed }: WaitingCommandsOptions) {
    this.#maxPending = maxPending
    this.#onClosed = onClosed
    this.#deadlines = new DeadlineQueue(commandTimeout, (expired) => {
      // Any other element is the end of the time in which a connection may be in the making.
      if (expired instanceof WaitingCommand) end(expired, (command) => command.fail(ReplyError.connecting()))
      else this.fail(ReplyError.connecting())
    })
  }

  /** True if commands may wait now. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Lets commands wait from now on, for as long as one command may take. */
  open(): void {
    this.#isOpen = true
    this.#deadlines.add(new Timed())
  }

  /**
   * Lets a command wait until its deadline, one `commandTimeout` from now by default, and returns the effect that
   * interrupts it, unless `isWanted` says that other callers are left. Where too many wait already, the command fails at
   * once.
   */
  add(send: Send, fail: Fail, deadline?: number, isWanted = constFalse): Effect.Effect<void> | undefined {
    // One of the deadlines is that of the grace.
    if (this.#deadlines.size > this.#maxPending) {
      fail(ReplyError.tooManyPending(this.#maxPending))
      return undefined
    }
    const command = new WaitingCommand(send, fail)
    this.#deadlines.add(command, deadline)
    return Effect.suspend(() => {
      if (!command.isWaiting) return command.interrupt
      if (isWanted()) return Effect.void
      command.isWaiting = false
      this.#deadlines.remove(command)
      return Effect.void
    })
  }

  /** Sends every command: the connection is ready. */
  send(): void {
    this.#close((command) => {
      command.interrupt = command.send(command.deadline) ?? Effect.void
    })
  }

  /** Fails every command: the attempt has failed, or the cache is closed. */
  fail(failure: DriverFailure): void {
    this.#close((command) => command.fail(failure))
  }

  #close(act: (command: WaitingCommand) => void): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    const commands = this.#deadlines.drain().filter((each) => each instanceof WaitingCommand)
    this.#deadlines.stop()
    // One that ends may interrupt another one.
    for (const command of commands) if (command.isWaiting) end(command, act)
    this.#onClosed()
  }
}

const end = (command: WaitingCommand, act: (command: WaitingCommand) => void): void => {
  command.isWaiting = false
  act(command)
}
