/**
 * The gets of one turn of the event loop, asked together.
 *
 * Callers that run side by side ask in the same turn. Their keys go out in one MGET, a key that several ask for once, and
 * each caller is answered by itself.
 *
 * @internal
 */
import { type DriverCallback, DriverFailure, type DriverResult } from "@hexcache/cache-port"
import * as Reply from "../commands/Reply.ts"
import * as ReplyError from "../commands/ReplyError.ts"
import type { Connection } from "../connection/Connection.ts"
import { firstPartOf } from "../connection/ReplyPacer.ts"

type Caller = DriverCallback<string | undefined>

/** One key, and those who ask for it: nearly always one. */
interface Asked {
  readonly key: string
  readonly caller: Caller
  others: Array<Caller> | undefined
}

/** Keys in one MGET at most, so that a turn with very many does not hold others up. */
const mostKeys = 100

/** Bytes that one MGET is expected to answer with at most, as far as the last answers tell: what one read of a socket takes. */
const mostBytes = 65_536

/** How much the last answer counts among those before it. */
const weightOfLast = 0.2

/** Collects gets until the turn ends or is told to. */
export class GetBatch {
  readonly #connection: Connection
  readonly #maxPending: number
  #waiting = new Map<string, Asked>()
  /** Callers that wait for an answer. */
  #pending = 0
  /** Characters of a value on the average of late. */
  #length = 0

  constructor(connection: Connection, maxPending: number) {
    this.#connection = connection
    this.#maxPending = maxPending
  }

  /** Whether any key waits to be asked. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0
  }

  /** Whether this key waits to be asked. */
  has(key: string): boolean {
    return this.#waiting.has(key)
  }

  /** Asks for the text at a key within this turn, whether its caller stays or goes. */
  add(key: string, caller: Caller): void {
    // Not at the end of the turn: a caller that tries again at once would keep the turn from ending.
    const { outage } = this.#connection
    if (outage !== undefined) {
      caller(outage)
      return
    }
    if (this.#pending >= this.#maxPending) {
      caller(ReplyError.tooManyPending(this.#maxPending))
      return
    }
    this.#pending++
    const asked = this.#waiting.get(key)
    if (asked === undefined) {
      if (this.#waiting.size === 0) process.nextTick(this.flush)
      this.#waiting.set(key, { key, caller, others: undefined })
      if (this.#waiting.size === mostKeys) this.flush()
    } else if (asked.others === undefined) asked.others = [caller]
    else asked.others.push(caller)
  }

  /** Sends what waits. */
  readonly flush = (): void => {
    const waiting = this.#waiting
    if (waiting.size === 0) return
    this.#waiting = new Map()
    const all = Array.from(waiting.values())
    const part = this.#connection.isQuiet ? firstPartOf(all.length) : all.length
    const keys = Math.max(1, Math.min(part, Math.floor(mostBytes / this.#length)))
    for (let from = 0; from < all.length; from += keys) this.#ask(all.slice(from, from + keys))
  }

  #ask(all: ReadonlyArray<Asked>): void {
    if (all.length === 1) {
      this.#askEach(all)
      return
    }
    const args = ["MGET"]
    for (const { key } of all) args.push(key)
    const deadline = this.#connection.deadline()
    this.#connection.submit(
      { args, decode: Reply.texts(all.length), weight: all.length },
      (answer) => {
        if (!(answer instanceof DriverFailure)) {
          this.#learn(answer)
          for (let index = 0; index < all.length; index++) this.#tell(all[index] as Asked, answer[index])
        } else if (answer.serverCode === "NOPERM") {
          // One key that the user may not read is no reason to refuse the others.
          this.#askEach(all, deadline)
        } else {
          for (const asked of all) this.#tell(asked, answer)
        }
      },
      deadline
    )
  }

  #askEach(all: ReadonlyArray<Asked>, deadline?: number): void {
    for (const asked of all) {
      const command = { args: ["GET", asked.key], decode: Reply.text, recover: ReplyError.absentWhenOtherType }
      this.#connection.submit(
        command,
        (answer) => {
          if (!(answer instanceof DriverFailure)) this.#learn([answer])
          this.#tell(asked, answer)
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

  #tell({ caller, others }: Asked, answer: DriverResult<string | undefined>): void {
    this.#pending--
    caller(answer)
    if (others === undefined) return
    this.#pending -= others.length
    for (const other of others) other(answer)
  }
}
