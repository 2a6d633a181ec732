/**
 * The increments of one turn of the event loop, run by one script, which costs the server far less than one for each.
 *
 * @internal
 */
import { type DriverCallback, DriverFailure, type DriverResult } from "@hexcache/cache-port"
import * as ReplyError from "../commands/ReplyError.ts"
import * as Scripts from "../commands/Scripts.ts"
import type { Connection } from "../connection/Connection.ts"
import { firstPartOf } from "../connection/ReplyPacer.ts"

type Caller = DriverCallback<number>

/** An increment that waits, until its caller is gone. */
export interface Asked {
  readonly step: Scripts.Step
  caller: Caller | undefined
}

/** Increments in one script at most, so that a turn with very many does not hold others up. */
const stepsAtOnce = 100

/** Collects increments until the turn ends or is told to. */
export class IncrementBatch {
  readonly #connection: Connection
  readonly #maxPending: number
  #waiting: Array<Asked> = []
  readonly #keys = new Set<string>()
  /** Callers that wait for an answer. */
  #pending = 0

  constructor(connection: Connection, maxPending: number) {
    this.#connection = connection
    this.#maxPending = maxPending
  }

  /** Whether any increment waits to be sent. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0
  }

  /** Whether an increment of this key waits to be sent. */
  has(key: string): boolean {
    return this.#keys.has(key)
  }

  /** Sends an increment within this turn, unless its caller has gone before. */
  add(step: Scripts.Step, caller: Caller): Asked | undefined {
    const { outage } = this.#connection
    if (outage !== undefined) {
      caller(outage)
      return undefined
    }
    if (this.#pending >= this.#maxPending) {
      caller(ReplyError.tooManyPending(this.#maxPending))
      return undefined
    }
    this.#pending++
    const asked: Asked = { step, caller }
    if (this.#waiting.length === 0) process.nextTick(this.flush)
    this.#waiting.push(asked)
    this.#keys.add(step.key)
    if (this.#waiting.length === stepsAtOnce) this.flush()
    return asked
  }

  /** Its caller has gone. What was not sent yet never is. */
  abandon(asked: Asked): void {
    asked.caller = undefined
  }

  /** Sends what waits. */
  readonly flush = (): void => {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    this.#keys.clear()
    const all = this.#staying(waiting)
    const part = this.#connection.isQuiet ? firstPartOf(all.length) : all.length
    this.#ask(all.slice(0, part))
    this.#ask(all.slice(part))
  }

  /** Sends those whose callers have not gone, by the name of the script, or by its text. */
  #ask(all: ReadonlyArray<Asked>, deadline = this.#connection.deadline(), toCommand = Scripts.command): void {
    let asked = this.#staying(all)
    if (asked.length === 0) return
    const command = () => ({ ...toCommand(Scripts.increment(asked.map(({ step }) => step))), remake })
    const remake = () => {
      asked = this.#staying(asked)
      return asked.length === 0 ? undefined : command()
    }
    this.#connection.submit(
      command(),
      (answer) => {
        const code = answer instanceof DriverFailure ? answer.serverCode : undefined
        if (code === "NOSCRIPT") this.#ask(asked, deadline, Scripts.telling)
        // One key that the user may not write is no reason to refuse the others; nothing was done.
        else if (code === "NOPERM" && asked.length > 1) for (const one of asked) this.#ask([one], deadline)
        else this.#tell(asked, answer)
      },
      deadline
    )
  }

  /** Those whose callers have not gone. The others are waited for no more. */
  #staying(all: ReadonlyArray<Asked>): ReadonlyArray<Asked> {
    const staying = all.filter(({ caller }) => caller !== undefined)
    this.#pending -= all.length - staying.length
    return staying
  }

  #tell(all: ReadonlyArray<Asked>, answer: DriverResult<ReadonlyArray<DriverResult<number>>>): void {
    this.#pending -= all.length
    for (const [index, { caller }] of all.entries()) {
      caller?.(answer instanceof DriverFailure ? answer : (answer[index] as DriverResult<number>))
    }
  }
}
