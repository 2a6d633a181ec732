/**
 * The increments of one turn of the event loop, which one script carries out at a fraction of the server's cost.
 *
 * @internal
 */
import { type DriverCallback, DriverFailure, type DriverResult } from "@hexcache/cache-port"
import { Effect } from "effect"
import type { Command } from "../commands/Command.ts"
import * as ReplyError from "../commands/ReplyError.ts"
import * as Scripts from "../commands/Scripts.ts"
import type { Connection } from "../connection/Connection.ts"
import { firstPartOf } from "../connection/ReplyPacer.ts"

/** An increment that has no result yet. */
interface PendingIncrement {
  readonly command: Command<number>
  /** Unset once the caller has gone. */
  callback: DriverCallback<number> | undefined
  /** Takes it out of the command that it was joined to, for as long as that is not written. */
  leave: Effect.Effect<void> | undefined
}

/** The most increments in one script, so that a turn with very many does not hold others up. */
const maxIncrements = 100

/** Collects increments until the turn ends, or `flush` is called. */
export class IncrementBatch {
  readonly #connection: Connection
  readonly #maxPending: number
  #waiting: Array<PendingIncrement> = []
  readonly #keys = new Set<string>()
  /** The number of callers without a result. */
  #pending = 0

  constructor(connection: Connection, maxPending: number) {
    this.#connection = connection
    this.#maxPending = maxPending
  }

  /** True if an increment waits to be sent. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0
  }

  /** True if an increment of this key waits to be sent. */
  has(key: string): boolean {
    return this.#keys.has(key)
  }

  /**
   * Sends an increment within this turn. Returns the effect that the caller's interruption runs: an increment that is not
   * written by then never is.
   */
  add(command: Command<number>, callback: DriverCallback<number>): Effect.Effect<void> | undefined {
    const { outage } = this.#connection
    if (outage !== undefined) {
      callback(outage)
      return undefined
    }
    if (this.#pending >= this.#maxPending) {
      callback(ReplyError.tooManyPending(this.#maxPending))
      return undefined
    }
    this.#pending++
    const increment: PendingIncrement = { command, callback, leave: undefined }
    if (this.#waiting.length === 0) process.nextTick(this.flush)
    this.#waiting.push(increment)
    this.#keys.add(Scripts.counterOf(command))
    if (this.#waiting.length === maxIncrements) this.flush()
    return Effect.suspend(() => {
      increment.callback = undefined
      return increment.leave ?? Effect.void
    })
  }

  /** Sends every increment that waits. */
  readonly flush = (): void => {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    this.#keys.clear()
    const increments = this.#withCaller(waiting)
    const part = this.#connection.isQuiet ? firstPartOf(increments.length) : increments.length
    this.#send(increments.slice(0, part))
    this.#send(increments.slice(part))
  }

  #send(increments: ReadonlyArray<PendingIncrement>, deadline = this.#connection.deadline()): void {
    let sent = increments
    const remake = (): Command<ReadonlyArray<DriverResult<number>>> | undefined => {
      sent = this.#withCaller(sent)
      if (sent.length === 0) return undefined
      return { ...Scripts.joinIncrements(sent.map(({ command }) => command)), remake }
    }
    const command = remake()
    if (command === undefined) return
    const leave = this.#connection.submit(
      command,
      (result) => {
        const isRefused = result instanceof DriverFailure && result.serverCode === "NOPERM"
        // One key that the user may not write is no reason to refuse the others; nothing was done.
        if (isRefused && sent.length > 1) for (const increment of sent) this.#send([increment], deadline)
        else this.#complete(sent, result)
      },
      deadline
    )
    for (const increment of sent) increment.leave = leave
  }

  /** The increments whose callers have not gone. Forgets the others. */
  #withCaller(increments: ReadonlyArray<PendingIncrement>): ReadonlyArray<PendingIncrement> {
    const staying = increments.filter(({ callback }) => callback !== undefined)
    this.#pending -= increments.length - staying.length
    return staying
  }

  #complete(
    increments: ReadonlyArray<PendingIncrement>,
    result: DriverResult<ReadonlyArray<DriverResult<number>>>
  ): void {
    this.#pending -= increments.length
    for (const [index, { callback }] of increments.entries()) {
      callback?.(result instanceof DriverFailure ? result : (result[index] as DriverResult<number>))
    }
  }
}
