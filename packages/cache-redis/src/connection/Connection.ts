/**
 * A connection to one server, and its replacement whenever it is in doubt.
 *
 * @internal
 */
import type { DriverCallback, DriverFailure } from "@hexcache/cache-port"
import { Effect } from "effect"
import { type Command, type DirectSender, isWanted, remakeOf, toExit } from "../commands/Command.ts"
import * as ReplyError from "../commands/ReplyError.ts"
import { clearTimeout, performance, setTimeout } from "../platform/Platform.ts"
import { Attempts, type Backoff } from "./Attempts.ts"
import {
  ClientSession,
  type ClientSessionHandlers,
  type ClientSessionOptions,
  type LossCause
} from "./ClientSession.ts"
import { CommandsInFlight } from "./CommandsInFlight.ts"
import { type ConnectionState, StateHistory } from "./ConnectionState.ts"
import { Handshake, type HandshakeOptions } from "./Handshake.ts"
import type { NodeRedisClient } from "./NodeRedisClient.ts"
import { PendingCommand } from "./PendingCommand.ts"
import { WaitingCommands } from "./WaitingCommands.ts"

/** Where and how to connect. Times are in milliseconds. */
export interface ConnectionOptions extends HandshakeOptions, ClientSessionOptions {
  /** Commands sent at the beginning of each connection; their replies do not matter. */
  readonly greeting?: ReadonlyArray<ReadonlyArray<string>> | undefined
  readonly backoff: Backoff
  readonly commandTimeout: number
  readonly maxPending: number
  /** How long nothing was sent when a PING checks the connection; infinite for never. */
  readonly pingInterval: number
  /** Takes the events that concern no single caller. */
  readonly report: (event: ConnectionEvent) => void
}

/** An event of a connection beside its commands. */
export type ConnectionEvent =
  /** The state or the address may differ from before. */
  | { readonly _tag: "StateChanged" }
  | { readonly _tag: "ReadyAgain" }
  /** No connection is ready from now on; reported once for each change of the reason. */
  | { readonly _tag: "NotReady"; readonly failure: DriverFailure }
  /** The server does not report changed keys; reported once, until one does. */
  | { readonly _tag: "NotTracking"; readonly failure: DriverFailure }
  /** The node refuses to return the map of slots; reported once for each change of the reason. */
  | { readonly _tag: "NoMap"; readonly failure: DriverFailure }
  /** The sentinel does not report failovers. */
  | { readonly _tag: "NotSubscribed"; readonly failure: DriverFailure }

/** The time that commands in flight have when the connection closes, in milliseconds. */
const closeTimeout = 300

/** A connection to one server, which connects anew until it is closed. */
export class Connection implements DirectSender {
  readonly #options: ConnectionOptions
  readonly #inFlight: CommandsInFlight
  readonly #waiting: WaitingCommands
  readonly #attempts: Attempts
  readonly #handshake: Handshake
  readonly #states = new StateHistory()
  readonly #handlers: ClientSessionHandlers
  #session: ClientSession | undefined
  #isReady = false
  #pauseTimer: NodeJS.Timeout | undefined
  /** The failure of every command in an outage. */
  #refusal: DriverFailure = ReplyError.connecting()
  #address: string | undefined
  /** When the time to replace a connection that was cut is over, on `performance`'s clock. */
  #replacedBy = 0
  #reported: string | undefined
  #reportedNotTracking = false
  #isClosed = false
  #onIdle: (() => void) | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#inFlight = new CommandsInFlight({
      ...options,
      onProved: () => this.#attempts.proved(),
      onFault: (failure, cause) => this.#session?.end(failure, cause),
      onIdle: () => this.#onIdle?.()
    })
    this.#waiting = new WaitingCommands({ ...options, onClosed: () => this.#stateChanged() })
    this.#attempts = new Attempts(options.backoff)
    this.#handshake = new Handshake(options)
    this.#handlers = {
      onAddress: (address) => {
        this.#address = address
        this.#stateChanged()
      },
      onTracking: (refusal) => this.#reportTracking(refusal),
      onReady: (client, isTracking) => {
        if (!this.#isClosed) this.#becomeReady(client, isTracking)
      },
      onEnd: (failure, cause) => this.#lost(failure, cause)
    }
  }

  /** Starts to connect. Commands wait for this first attempt, each within its own deadline. */
  start(): void {
    this.#waiting.open()
    this.#stateChanged()
    this.#connect()
  }

  /** True if commands can be sent now. */
  get isReady(): boolean {
    return this.#isReady
  }

  /** True if the server has replied to everything. */
  get isQuiet(): boolean {
    return this.#inFlight.isQuiet
  }

  /** The failure of every command that is sent now, if there is an outage. */
  get outage(): DriverFailure | undefined {
    return !this.#isReady && !this.#waiting.isOpen ? this.#refusal : undefined
  }

  /** Derived from the fields that decide about every command, so that it says what commands meet. */
  get state(): ConnectionState {
    return this.#states.of(this.#isReady ? "Up" : (this.outage ?? "Connecting"))
  }

  /** The address of the last attempt to connect: `host:port`, or the path of a socket. */
  get address(): string | undefined {
    return this.#address
  }

  /** True for one `commandTimeout` behind the loss of a connection that was cut: another one may be there soon. */
  get isBeingReplaced(): boolean {
    return performance.now() < this.#replacedBy
  }

  /** The usual deadline of a command that begins now, on `performance`'s clock. */
  deadline(): number {
    return performance.now() + this.#options.commandTimeout
  }

  send<A>(command: Command<A>, deadline?: number): Effect.Effect<A, DriverFailure> {
    return Effect.callback((resume) => this.submit(command, (result) => resume(toExit(result)), deadline))
  }

  /**
   * As `send`, and returns the result by a callback, in an outage at once. Returns the effect that the interruption of each
   * caller runs.
   */
  submit<A>(command: Command<A>, callback: DriverCallback<A>, deadline?: number): Effect.Effect<void> | undefined {
    if (this.#isReady) {
      // The command's own decoder makes the result, so it has the callback's type.
      return this.#inFlight.send(new PendingCommand(command, callback as DriverCallback<unknown>), deadline)
    }
    if (this.#waiting.isOpen) {
      const send = (until: number) => {
        const remade = remakeOf(command)
        return remade && this.submit(remade, callback, until)
      }
      return this.#waiting.add(send, callback, deadline, () => isWanted(command))
    }
    callback(this.#refusal)
    return undefined
  }

  /** Leaves the server, ready or not, for this reason, and connects anew at once. Commands wait for that. */
  replace(failure: DriverFailure): void {
    if (this.#isClosed) return
    this.#session?.end(failure, "moved")
    clearTimeout(this.#pauseTimer)
    this.#connect()
  }

  /**
   * Stops connecting, refuses new commands for this reason, gives those in flight a moment, and destroys the socket. Takes
   * at most 300 ms.
   */
  async close(refusal = ReplyError.closed()): Promise<void> {
    this.#isClosed = true
    this.#refusal = refusal
    this.#replacedBy = 0
    this.#isReady = false
    this.#options.tracking?.end()
    this.#waiting.fail(this.#refusal)
    this.#stateChanged()
    clearTimeout(this.#pauseTimer)
    if (!this.#inFlight.isIdle) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(closeTimeout, this.#options.commandTimeout))
        this.#onIdle = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#session?.end(this.#refusal)
    this.#inFlight.stop()
  }

  #connect(): void {
    if (this.#isClosed) return
    this.#attempts.begin()
    this.#session = new ClientSession(this.#options, this.#handshake, this.#handlers)
  }

  #becomeReady(client: NodeRedisClient, isTracking: boolean): void {
    this.#isReady = true
    this.#attempts.becameReady()
    if (isTracking) this.#options.tracking?.begin()
    this.#inFlight.begin(client)
    for (const args of this.#options.greeting ?? []) client.sendCommand(args).catch(() => {})
    if (this.#reported !== undefined) this.#options.report({ _tag: "ReadyAgain" })
    this.#reported = undefined
    this.#waiting.send()
    this.#stateChanged()
  }

  #lost(failure: DriverFailure, cause: LossCause): void {
    this.#isReady = false
    this.#options.tracking?.end()
    const commands = this.#inFlight.end()
    if (this.#isClosed) {
      for (const command of commands) command.lose()
      this.#idle()
      return
    }
    this.#refusal = failure
    if (cause === "demoted") this.#attempts.refused()
    // Callers behind a silence have waited for as long as a command may already.
    const isOutage = !this.#attempts.lost() || cause === "silent"
    const isCut = cause === "cut" || cause === "demoted"
    if (!isOutage) this.#waiting.open()
    if (!isOutage && isCut) this.#replacedBy = performance.now() + this.#options.commandTimeout
    this.#pauseTimer = setTimeout(() => this.#connect(), this.#attempts.nextPause())
    if (this.#reported !== failure.reason.message) {
      this.#reported = failure.reason.message
      this.#options.report({ _tag: "NotReady", failure })
    }
    this.#stateChanged()
    const failed: Array<PendingCommand> = []
    for (const command of commands) {
      if (this.#waiting.isOpen && command.mayRetry(isCut || cause === "moved")) this.#retry(command)
      else failed.push(command)
    }
    // Last: a caller may send again, interrupt another one, or close the cache as soon as it has its result.
    if (isOutage && cause !== "moved") this.#waiting.fail(failure)
    for (const command of failed) command.lose()
    this.#idle()
  }

  /** Sends on the next connection, by its deadline, a command that cannot have changed anything. */
  #retry(lost: PendingCommand): void {
    // The end of its client changes it.
    const { isWritten } = lost
    const retry = lost.retry()
    lost.interruptRetry = this.#waiting.add(
      (until) => {
        const command = remakeOf(retry.command)
        if (command === undefined) return undefined
        retry.command = command
        return this.#inFlight.send(retry, until)
      },
      (failure) => retry.complete(isWritten ? ReplyError.lost(true) : failure),
      lost.deadline,
      () => isWanted(retry.command)
    )
  }

  #reportTracking(refusal: DriverFailure | undefined): void {
    const isNew = refusal !== undefined && !this.#reportedNotTracking
    this.#reportedNotTracking = refusal !== undefined
    if (isNew) this.#options.report({ _tag: "NotTracking", failure: refusal })
  }

  #idle(): void {
    if (this.#inFlight.isIdle) this.#onIdle?.()
  }

  #stateChanged(): void {
    this.#options.report({ _tag: "StateChanged" })
  }
}
