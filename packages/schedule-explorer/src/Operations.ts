/**
 * The operations of all processes that are on their way to the store, and what becomes of each.
 */
import { DriverFailure, TimedOut, Unavailable } from "@hexcache/cache-port"
import { Effect, Exit } from "effect"
import type { OpenCall } from "./OpenCall.ts"
import type { Process } from "./Process.ts"
import type { Operation } from "./SimulatedDriver.ts"
import type { World } from "./World.ts"
import { describeMessage } from "./words.ts"

/** An operation on its way. */
export interface Pending {
  readonly process: Process
  readonly number: number
  readonly operation: Operation
  /** The call that it is part of, if it is of one alone. */
  readonly open: OpenCall | undefined
  readonly resume: (effect: Effect.Effect<never, DriverFailure> | Exit.Exit<unknown>) => void
  /** Sent; carried out and not yet answered; or given up by its caller, and perhaps carried out at some time. */
  state: "Sent" | "Done" | "GivenUp"
  result: unknown
}

export const idOf = ({ number, process }: Pending): string => `${process.name}.${number}`

export class Operations {
  pending: Array<Pending> = []
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  send(
    process: Process,
    operation: Operation,
    open: OpenCall | undefined,
    resume: Pending["resume"]
  ): Effect.Effect<void> | undefined {
    const { isInstant, laws, names } = this.#world
    names.learn(process, operation.texts)
    laws.asked(process.index)
    const pending: Pending = {
      process,
      number: process.sent++,
      operation,
      open,
      resume,
      state: "Sent",
      result: undefined
    }
    if (!operation.isRead) process.near?.written(operation.keys)
    if (isInstant) {
      this.carryOut(pending)
      this.answer(pending)
      return undefined
    }
    this.pending.push(pending)
    return Effect.sync(() => this.giveUp(pending))
  }

  carryOut(pending: Pending): void {
    const { footprint, laws, store } = this.#world
    const { operation, process } = pending
    // The store tells of those that change: to write what is there, or to delete what is not, comes to a read.
    for (const key of operation.keys) footprint.read(key)
    footprint.write(idOf(pending))
    pending.result = operation.run(store)
    if (!operation.isRead && pending.open !== undefined) laws.written(pending.open, operation.texts)
    if (pending.state === "GivenUp") {
      this.#remove(pending)
      return
    }
    pending.state = "Done"
    process.hasOnlyAsked = false
    if (process.near === undefined) return
    if (operation.isRead) process.near.read(operation.keys)
    footprint.write(`inbox ${process.name}`)
    process.near.replied(pending)
  }

  /** Delivers the result of an operation, behind every message to the near cache before it. */
  answer(pending: Pending): void {
    const { near } = pending.process
    if (near === undefined) {
      this.#deliver(pending)
      return
    }
    while (near.inbox.some((message) => "reply" in message && message.reply === pending)) this.receive(pending.process)
  }

  /** Hands a process the next message to its near cache. */
  receive(process: Process): void {
    const message = process.near?.inbox.shift()
    if (message === undefined) return
    this.#world.touch(process, `receives ${describeMessage(message)}`)
    if ("reply" in message) this.#deliver(message.reply)
    else process.near?.told(message.key)
    for (const outdates of message.outdates) this.#world.laws.reached(process.index, outdates)
  }

  #deliver(pending: Pending): void {
    const { names, store, time } = this.#world
    const { operation, process, result } = pending
    this.#world.touch(process, `${pending.number} ${names.canonical(JSON.stringify(result) ?? "")}`)
    this.#remove(pending)
    if (operation.isRead) process.near?.arrived(pending, store)
    pending.resume(Exit.succeed(result))
    time.drain()
  }

  /** Fails an operation, which is not carried out. */
  refuse(pending: Pending): void {
    this.#remove(pending)
    this.#fail(pending, "NotExecuted")
  }

  /** Carries a write out, and fails it all the same. */
  lose(pending: Pending): void {
    if (pending.state === "Sent") this.carryOut(pending)
    this.#remove(pending)
    this.#fail(pending, "Unknown")
  }

  /** Fails a write, which may be carried out at any later time. */
  timeOut(pending: Pending): void {
    pending.state = "GivenUp"
    this.#fail(pending, "Unknown")
  }

  #fail(pending: Pending, outcome: "NotExecuted" | "Unknown"): void {
    const { process } = pending
    const { footprint, laws, time } = this.#world
    this.#world.touch(process, `${pending.number} ${outcome}`)
    footprint.write(idOf(pending))
    laws.failed(process.index)
    process.near?.forget(pending)
    const Reason = outcome === "Unknown" ? TimedOut : Unavailable
    pending.resume(Effect.fail(new DriverFailure(new Reason({ message: "by the schedule" }), outcome)))
    time.drain()
  }

  /** The caller waits no longer: a write may be carried out all the same. */
  giveUp(pending: Pending): void {
    if (pending.state === "Sent" && !pending.operation.isRead) pending.state = "GivenUp"
    else this.#remove(pending)
    pending.process.near?.forget(pending)
  }

  #remove(pending: Pending): void {
    this.pending = this.pending.filter((other) => other !== pending)
  }
}
