/**
 * One connection, and what its callers ask within a turn of the event loop gathered into few commands.
 *
 * Every other command goes out at once, behind what was gathered of its keys before.
 *
 * @internal
 */
import type { DriverCallback, DriverFailure } from "@hexcache/cache-port"
import { Effect } from "effect"
import { type Command, type CommandSender, toExit } from "../commands/Command.ts"
import type { Step } from "../commands/Scripts.ts"
import type { Connection } from "../connection/Connection.ts"
import type { Deadline, Direct } from "../topology/Router.ts"
import { GetBatch } from "./GetBatch.ts"
import { IncrementBatch } from "./IncrementBatch.ts"

/** No key is longer, in UTF-16 units, with its namespace in front of it. */
const longestKey = 131_072

/** A connection whose gets and increments are gathered turn by turn. */
export class CommandBatcher implements CommandSender, Deadline, Direct {
  readonly #connection: Connection
  readonly #gets: GetBatch
  readonly #increments: IncrementBatch

  constructor(connection: Connection, maxPending: number) {
    this.#connection = connection
    this.#gets = new GetBatch(connection, maxPending)
    this.#increments = new IncrementBatch(connection, maxPending)
  }

  deadline(): number {
    return this.#connection.deadline()
  }

  send<A>(command: Command<A>, deadline?: number): Effect.Effect<A, DriverFailure> {
    return Effect.callback((resume) => this.submit(command, (answer) => resume(toExit(answer)), deadline))
  }

  readonly submit = <A>(
    command: Command<A>,
    callback: DriverCallback<A>,
    deadline?: number
  ): Effect.Effect<void> | undefined => {
    if ((this.#gets.isWaiting || this.#increments.isWaiting) && command.args.some(this.#isWaitedFor)) {
      this.#gets.flush()
      this.#increments.flush()
    }
    return this.#connection.submit(command, callback, deadline)
  }

  readonly get = (key: string, callback: DriverCallback<string | undefined>): undefined => {
    if (this.#increments.has(key)) this.#increments.flush()
    this.#gets.add(key, callback)
  }

  readonly increment = (step: Step, callback: DriverCallback<number>): Effect.Effect<void> | undefined => {
    if (this.#gets.has(step.key)) this.#gets.flush()
    const asked = this.#increments.add(step, callback)
    return asked === undefined ? undefined : Effect.sync(() => this.#increments.abandon(asked))
  }

  /** Bytes are keys that the server told; nobody knows whether they are waited for. */
  readonly #isWaitedFor = (arg: string | Buffer): boolean =>
    typeof arg !== "string" ||
    arg === "FLUSHDB" ||
    (arg.length <= longestKey && (this.#gets.has(arg) || this.#increments.has(arg)))
}
