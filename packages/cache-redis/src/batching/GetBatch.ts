/**
 * The gets of one turn of the event loop.
 *
 * Callers that run side by side read in the same turn. Their keys go out in one MGET, an equal key once, and each caller
 * continues with its own value.
 *
 * @internal
 */
import { type DriverCallback, DriverFailure, type DriverResult } from "@hexcache/cache-port"
import type { Command } from "../commands/Command.ts"
import * as Reply from "../commands/Reply.ts"
import * as ReplyError from "../commands/ReplyError.ts"
import type { Connection } from "../connection/Connection.ts"
import { firstPartOf } from "../connection/ReplyPacer.ts"

type GetCallback = DriverCallback<string | undefined>

/** The GET of one key, and its callers: nearly always one. */
interface PendingGet {
  readonly key: string
  readonly command: Command<string | undefined>
  readonly callback: GetCallback
  others: Array<GetCallback> | undefined
}

/** The most keys in one MGET, so that a turn with very many does not hold others up. */
const maxKeys = 100

/** The most bytes that one MGET should return, as far as recent replies tell: the size of one read of a socket. */
const maxReplyBytes = 65_536

/** The weight of the last reply in the average length of a value. */
const weightOfLast = 0.2

/** Collects gets until the turn ends, or `flush` is called. */
export class GetBatch {
  readonly #connection: Connection
  readonly #maxPending: number
  #waiting = new Map<string, PendingGet>()
  /** The number of callers without a result. */
  #pending = 0
  /** The average length of recent values, in characters. */
  #length = 0

  constructor(connection: Connection, maxPending: number) {
    this.#connection = connection
    this.#maxPending = maxPending
  }

  /** True if a get waits to be sent. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0
  }

  /** True if a get of this key waits to be sent. */
  has(key: string): boolean {
    return this.#waiting.has(key)
  }

  /** Sends the GET of a key within this turn, whether its caller stays or goes. */
  add(key: string, command: Command<string | undefined>, callback: GetCallback): void {
    // Not at the end of the turn: a caller that tries again at once would keep the turn from ending.
    const { outage } = this.#connection
    if (outage !== undefined) {
      callback(outage)
      return
    }
    if (this.#pending >= this.#maxPending) {
      callback(ReplyError.tooManyPending(this.#maxPending))
      return
    }
    this.#pending++
    const known = this.#waiting.get(key)
    if (known === undefined) {
      if (this.#waiting.size === 0) process.nextTick(this.flush)
      this.#waiting.set(key, { key, command, callback, others: undefined })
      if (this.#waiting.size === maxKeys) this.flush()
    } else if (known.others === undefined) known.others = [callback]
    else known.others.push(callback)
  }

  /** Sends every get that waits. */
  readonly flush = (): void => {
    const waiting = this.#waiting
    if (waiting.size === 0) return
    this.#waiting = new Map()
    const gets = Array.from(waiting.values())
    const part = this.#connection.isQuiet ? firstPartOf(gets.length) : gets.length
    const keys = Math.max(1, Math.min(part, Math.floor(maxReplyBytes / this.#length)))
    for (let from = 0; from < gets.length; from += keys) this.#send(gets.slice(from, from + keys))
  }

  #send(gets: ReadonlyArray<PendingGet>): void {
    if (gets.length === 1) {
      this.#sendEach(gets)
      return
    }
    const args = ["MGET"]
    for (const { key } of gets) args.push(key)
    const deadline = this.#connection.deadline()
    this.#connection.submit(
      { args, decode: Reply.texts(gets.length), weight: gets.length },
      (result) => {
        if (!(result instanceof DriverFailure)) {
          this.#learn(result)
          for (let index = 0; index < gets.length; index++) this.#complete(gets[index] as PendingGet, result[index])
        } else if (result.serverCode === "NOPERM") {
          // One key that the user may not read is no reason to refuse the others.
          this.#sendEach(gets, deadline)
        } else {
          for (const get of gets) this.#complete(get, result)
        }
      },
      deadline
    )
  }

  #sendEach(gets: ReadonlyArray<PendingGet>, deadline?: number): void {
    for (const get of gets) {
      this.#connection.submit(
        get.command,
        (result) => {
          if (!(result instanceof DriverFailure)) this.#learn([result])
          this.#complete(get, result)
        },
        deadline
      )
    }
  }

  #learn(texts: ReadonlyArray<string | undefined>): void {
    let length = 0
    for (const text of texts) if (text !== undefined) length += text.length
    this.#length += (length / texts.length - this.#length) * weightOfLast
  }

  #complete({ callback, others }: PendingGet, result: DriverResult<string | undefined>): void {
    this.#pending--
    callback(result)
    if (others === undefined) return
    this.#pending -= others.length
    for (const other of others) other(result)
  }
}
