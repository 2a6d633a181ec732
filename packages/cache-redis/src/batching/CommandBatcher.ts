/**
 * A connection whose gets and increments of one turn of the event loop go out as few commands.
 *
 * Every other command goes out at once, behind what waits of its keys.
 *
 * @internal
 */
import type { DriverCallback, DriverFailure } from "@hexcache/cache-port"
import { Effect } from "effect"
import { type Command, type DirectSender, toExit } from "../commands/Command.ts"
import * as Scripts from "../commands/Scripts.ts"
import type { Connection } from "../connection/Connection.ts"
import { GetBatch } from "./GetBatch.ts"
import { IncrementBatch } from "./IncrementBatch.ts"

/** No key is longer, in UTF-16 units, with its namespace in front of it. */
const longestKey = 131_072

/** Sends on one connection, and joins the gets and increments of a turn. */
export class CommandBatcher implements DirectSender {
  readonly #connection: Connection
  readonly #gets: GetBatch
  readonly #increments: IncrementBatch

  constructor(connection: Connection, maxPending: number) {
    this.#connection = connection
    this.#gets = new GetBatch(connection, maxPending)
    this.#increments = new IncrementBatch(connection, maxPending)
  }

  /** The usual deadline of a command that begins now, on `performance`'s clock. */
  deadline(): number {
    return this.#connection.deadline()
  }

  send<A>(command: Command<A>, deadline?: number): Effect.Effect<A, DriverFailure> {
    return Effect.callback((resume) => this.submit(command, (result) => resume(toExit(result)), deadline))
  }

  /** A command with a deadline of its own joins no batch. */
  readonly submit = <A>(
    command: Command<A>,
    callback: DriverCallback<A>,
    deadline?: number
  ): Effect.Effect<void> | undefined => {
    if (deadline === undefined) {
      // Each of these commands has a result of one type.
      if (command.args[0] === "GET") return this.#get(command as Command<never>, callback as DriverCallback<unknown>)
      if (Scripts.isIncrement(command)) return this.#increment(command, callback as DriverCallback<unknown>)
    }
    if ((this.#gets.isWaiting || this.#increments.isWaiting) && command.args.some(this.#isWaitedFor)) {
      this.#gets.flush()
      this.#increments.flush()
    }
    return this.#connection.submit(command, callback, deadline)
  }

  #get(command: Command<string | undefined>, callback: DriverCallback<string | undefined>): undefined {
    const key = command.args[1] as string
    if (this.#increments.has(key)) this.#increments.flush()
    this.#gets.add(key, command, callback)
  }

  #increment(command: Command<number>, callback: DriverCallback<number>): Effect.Effect<void> | undefined {
    if (this.#gets.has(Scripts.counterOf(command))) this.#gets.flush()
    return this.#increments.add(command, callback)
  }

  /** Bytes are keys that the server returned, which no batch knows by their text. */
  readonly #isWaitedFor = (arg: string | Buffer): boolean =>
    typeof arg !== "string" ||
    arg === "FLUSHDB" ||
    (arg.length <= longestKey && (this.#gets.has(arg) || this.#increments.has(arg)))
}
