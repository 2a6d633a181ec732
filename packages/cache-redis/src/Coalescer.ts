/**
 * The gets of one turn of the event loop, asked together.
 *
 * Callers that run side by side ask in the same turn. Their keys go out in one MGET, a key that several ask for once, and
 * each caller is answered by itself. Every other command goes out at once, behind the gets of its keys that came before.
 *
 * @internal
 */
import type { DriverFailure } from "@hexcache/cache-port"
import { Effect, Exit } from "effect"
import type { Command, Commander, Connection } from "./Connection.ts"
import * as Reply from "./Reply.ts"
import * as ReplyError from "./ReplyError.ts"
import type { Deadline } from "./Router.ts"

type Get = Command<string | undefined>
type Answer = Exit.Exit<string | undefined, DriverFailure>
type Waiter = (answer: Answer) => void

/** Those who wait for one key. */
interface Asked {
  readonly get: Get
  readonly waiters: Set<Waiter>
}

/** Keys in one MGET at most, so that a turn with very many does not hold others up. */
const keysAtOnce = 100

/** No key is longer, in UTF-16 units, with its namespace in front of it. */
const longestKey = 131_072

/** A connection whose gets are collected turn by turn. */
export class Coalescer implements Commander, Deadline {
  readonly #connection: Connection
  readonly #maxPending: number
  #waiting = new Map<string, Asked>()
  /** Callers that wait for the answer to a get. */
  #pending = 0

  constructor(connection: Connection, maxPending: number) {
    this.#connection = connection
    this.#maxPending = maxPending
  }

  deadline(): number {
    return this.#connection.deadline()
  }

  send<A>(command: Command<A>, deadline?: number): Effect.Effect<A, DriverFailure> {
    // Only commands that read one text are marked so.
    if (command.isGet === true) return this.#get(command as Command<unknown> as Get) as Effect.Effect<A, DriverFailure>
    const sent = this.#connection.send(command, deadline)
    return Effect.suspend(() => {
      if (this.#waiting.size > 0 && command.args.some(this.#isWaitedFor)) this.#flush()
      return sent
    })
  }

  #get(get: Get): Effect.Effect<string | undefined, DriverFailure> {
    const key = get.args[1] as string
    return Effect.callback<string | undefined, DriverFailure>((resume) => {
      if (this.#pending >= this.#maxPending) return resume(Exit.fail(ReplyError.tooManyPending(this.#maxPending)))
      this.#pending++
      let asked = this.#waiting.get(key)
      if (asked === undefined) {
        if (this.#waiting.size === 0) process.nextTick(this.#flush)
        asked = { get, waiters: new Set() }
        this.#waiting.set(key, asked)
      }
      const { waiters } = asked
      waiters.add(resume)
      if (this.#waiting.size === keysAtOnce) this.#flush()
      return Effect.sync(() => {
        if (waiters.delete(resume)) this.#pending--
      })
    })
  }

  /** Bytes are keys that the server told; no get knows whether it waits for one of them. */
  readonly #isWaitedFor = (arg: string | Buffer): boolean =>
    typeof arg !== "string" || arg === "FLUSHDB" || (arg.length <= longestKey && this.#waiting.has(arg))

  readonly #flush = (): void => {
    const waiting = this.#waiting
    if (waiting.size === 0) return
    this.#waiting = new Map()
    // A caller that was interrupted meanwhile asks for nothing.
    for (const [key, { waiters }] of waiting) if (waiters.size === 0) waiting.delete(key)
    const all = Array.from(waiting.values())
    if (all.length < 2) {
      this.#askEach(all)
      return
    }
    const keys = Array.from(waiting.keys())
    this.#connection.ask({ args: ["MGET", ...keys], decode: Reply.texts(keys.length) }, (answer) => {
      if (Exit.isSuccess(answer)) {
        for (const [index, asked] of all.entries()) this.#tell(asked, Exit.succeed(answer.value[index]))
      } else if (codeOf(answer) === "NOPERM") {
        // One key that the user may not read is no reason to refuse the others.
        this.#askEach(all)
      } else {
        for (const asked of all) this.#tell(asked, Exit.failCause(answer.cause))
      }
    })
  }

  #askEach(all: ReadonlyArray<Asked>): void {
    for (const asked of all) this.#connection.ask(asked.get, (answer) => this.#tell(asked, answer))
  }

  #tell({ waiters }: Asked, answer: Answer): void {
    this.#pending -= waiters.size
    const told = Array.from(waiters)
    waiters.clear()
    for (const waiter of told) waiter(answer)
  }
}

const codeOf = (exit: Exit.Failure<unknown, DriverFailure>): string | undefined => {
  const [reason] = exit.cause.reasons
  return reason?._tag === "Fail" ? reason.error.serverCode : undefined
}
