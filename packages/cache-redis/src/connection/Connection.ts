/**
 * One connection's life: handshake, calls with deadlines, the watchdog, and its replacement.
 *
 * Each attempt to connect is a node-redis client of its own, told not to reconnect. So nothing of one connection, a
 * queued command above all, ever reaches the next, and a client that is in doubt is simply destroyed.
 *
 * @internal
 */
import type { DriverCallback, DriverFailure } from "@hexcache/cache-port"
import { Effect } from "effect"
import { type Command, type CommandSender, toExit } from "../commands/Command.ts"
import * as Reply from "../commands/Reply.ts"
import * as ReplyError from "../commands/ReplyError.ts"
import { typeMappings } from "../commands/typeMappings.ts"
import { writtenKeys } from "../commands/writtenKeys.ts"
import { clearTimeout, performance, setTimeout } from "../platform/Platform.ts"
import { Attempts, type Backoff } from "./Attempts.ts"
import { type ConnectionState, StateHistory } from "./ConnectionState.ts"
import { DeadlineQueue, startDeadline } from "./DeadlineQueue.ts"
import { Handshake, type HandshakeOptions, type Protocol } from "./Handshake.ts"
import { IdlePing } from "./IdlePing.ts"
import type { KeyChangeListener } from "./KeyChangeListener.ts"
import { addressOf, createNodeRedisClient, type Endpoint, type NodeRedisClient } from "./NodeRedisClient.ts"
import { PendingCommand } from "./PendingCommand.ts"
import { ReplyFence } from "./ReplyFence.ts"
import { ReplyPacer } from "./ReplyPacer.ts"
import { WaitingCommands } from "./WaitingCommands.ts"

/** Where and how to connect. Times are in milliseconds. */
export interface ConnectionOptions extends HandshakeOptions {
  /** Found anew for each attempt. The signal tells that the attempt has ended. */
  readonly endpoint: (signal: AbortSignal) => Endpoint | Promise<Endpoint>
  /**
   * Asked of each new connection before it is used; one that rejects is not. `role` is the server's, as its handshake
   * told.
   */
  readonly admit?:
    | ((ask: (...args: ReadonlyArray<string>) => Promise<unknown>, role: unknown) => Promise<void>)
    | undefined
  /** Sent at the beginning of each connection; what becomes of them does not matter. */
  readonly greeting?: ReadonlyArray<ReadonlyArray<string>> | undefined
  readonly backoff: Backoff
  readonly commandTimeout: number
  readonly connectTimeout: number
  readonly maxPending: number
  /** How long nothing was sent when the connection is checked; infinite for never. */
  readonly pingInterval: number
  /** Hears of changed keys, where the server reports them. */
  readonly tracking?: KeyChangeListener | undefined
  /** Told of what has no caller. */
  readonly report: (event: ConnectionEvent) => void
}

/** What happens to a connection beside its calls. */
export type ConnectionEvent =
  /** The state, or the address, may be another one than before. */
  | { readonly _tag: "StateChanged" }
  | { readonly _tag: "ReadyAgain" }
  /** No connection is ready from now on; told once for each change of the reason. */
  | { readonly _tag: "NotReady"; readonly failure: DriverFailure }
  /** The server does not tell what changes; told once, until one does. */
  | { readonly _tag: "NotTracking"; readonly failure: DriverFailure }
  /** The server does not tell of failovers. */
  | { readonly _tag: "NotSubscribed"; readonly failure: DriverFailure }

/**
 * Why a connection was lost: it was cut, what came on it could not be read or trusted, nothing came, or another server
 * is to be used.
 */
type LossCause = "cut" | "garbled" | "silent" | "moved"

/** Checks a connection on which nothing else was sent. */
const ping: Command<void> = { args: ["PING"], decode: Reply.pong }

/** What calls in flight are given when the connection closes, in milliseconds. */
const closeTimeout = 300

/** A connection to one server, replaced whenever it is in doubt. */
export class Connection implements CommandSender {
  readonly #options: ConnectionOptions
  readonly #calls: DeadlineQueue<PendingCommand>
  readonly #waiting: WaitingCommands
  readonly #pacer = new ReplyPacer({ isQuiet: () => this.isQuiet, onDelivered: () => this.#idle() })
  #ready: NodeRedisClient | undefined
  /** Of the client that is ready, or whose last calls are waited for while the connection closes. */
  #fence: ReplyFence | undefined
  #idlePing: IdlePing | undefined
  /** Ends the current client, ready or connecting, for the given reason. */
  #end: ((failure: DriverFailure, cause?: LossCause) => void) | undefined
  readonly #attempts: Attempts
  readonly #handshake: Handshake
  #pauseTimer: NodeJS.Timeout | undefined
  /** Why no connection is ready. */
  #refusal: DriverFailure = ReplyError.connecting()
  readonly #states = new StateHistory()
  #address: string | undefined
  /** When the time to replace a connection that was cut is over, on `performance`'s clock. */
  #replacedBy = 0
  #reported: string | undefined
  #reportedTracking = false
  #replies = 0
  #closed = false
  /** Called when the last call in flight is over. */
  #onIdle: (() => void) | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#calls = new DeadlineQueue(options.commandTimeout, (call) => this.#expired(call))
    this.#waiting = new WaitingCommands({ ...options, onClosed: () => this.#stateChanged() })
    this.#attempts = new Attempts(options.backoff)
    this.#handshake = new Handshake(options)
  }

  /** Starts to connect. Commands wait for this first attempt, each within its own deadline. */
  start(): void {
    this.#waiting.open()
    this.#stateChanged()
    this.#connect()
  }

  /** Whether commands can be sent now. */
  get isReady(): boolean {
    return this.#ready !== undefined
  }

  /** The failure of every command that is sent now, if there is an outage. */
  get outage(): DriverFailure | undefined {
    return this.#ready === undefined && !this.#waiting.isOpen ? this.#refusal : undefined
  }

  /** Derived from the fields that decide about every command, so that it says what commands meet. */
  get state(): ConnectionState {
    return this.#states.of(this.isReady ? "Up" : (this.outage ?? "Connecting"))
  }

  /** The address of the last attempt to connect: `host:port`, or the path of a socket. */
  get address(): string | undefined {
    return this.#address
  }

  /** True for one `commandTimeout` behind the loss of a connection that was cut: another one may be there soon. */
  get isBeingReplaced(): boolean {
    return performance.now() < this.#replacedBy
  }

  /** Whether the server has been asked everything and has answered it. */
  get isQuiet(): boolean {
    return this.#calls.size === 0
  }

  send<A>(command: Command<A>, deadline?: number): Effect.Effect<A, DriverFailure> {
    return Effect.callback((resume) => this.ask(command, (answer) => resume(toExit(answer)), deadline))
  }

  /**
   * As `send`, with its answer by a callback; that is called at once where nothing can be sent. Returns the effect to run
   * when the caller is interrupted.
   */
  ask<A>(command: Command<A>, callback: DriverCallback<A>, deadline?: number): Effect.Effect<void> | undefined {
    const client = this.#ready
    if (client === undefined) {
      if (this.#waiting.isOpen) {
        const send = (until: number) => {
          const remade = remakeOf(command)
          return remade && this.ask(remade, callback, until)
        }
        return this.#waiting.add(send, callback, deadline)
      }
      callback(this.#refusal)
      return undefined
    }
    // The answer is of this command's type: its own decoder made it.
    return this.#send(client, new PendingCommand(command, callback as DriverCallback<unknown>), deadline)
  }

  #send(client: NodeRedisClient, call: PendingCommand, deadline?: number): Effect.Effect<void> | undefined {
    const { command } = call
    if (this.#calls.size >= this.#options.maxPending) {
      call.complete(ReplyError.tooManyPending(this.#options.maxPending))
      return undefined
    }
    call.repliesBefore = this.#replies
    this.#calls.add(call, deadline)
    this.#changes(command)
    if (this.#fence !== undefined) call.fence = this.#fence.fence()
    if (command.asking === true) client.sendCommand(["ASKING"]).catch(() => {})
    const abortSignal = call as unknown as AbortSignal
    const options =
      command.typeMapping === undefined ? { abortSignal } : { abortSignal, ...typeMappings[command.typeMapping] }
    client.sendCommand(command.args, options).then(
      (reply) => this.#answered(call, reply),
      (error) => this.#rejected(call, error)
    )
    return Effect.suspend(() => call.interruptAgain ?? this.#abandon(call))
  }

  /** The usual deadline of what begins now, on `performance`'s clock. */
  deadline(): number {
    return performance.now() + this.#options.commandTimeout
  }

  /** Leaves the server, ready or not, for the given reason, and connects anew at once. Commands wait for that. */
  replace(failure: DriverFailure): void {
    if (this.#closed) return
    this.#end?.(failure, "moved")
    clearTimeout(this.#pauseTimer)
    this.#connect()
  }

  /**
   * Stops connecting, refuses new calls, for the reason given, gives the ones in flight a moment, and destroys the socket.
   * Takes at most 300 ms.
   */
  async close(refusal = ReplyError.closed()): Promise<void> {
    this.#closed = true
    this.#refusal = refusal
    this.#replacedBy = 0
    this.#ready = undefined
    this.#options.tracking?.end()
    this.#waiting.fail(this.#refusal)
    this.#stateChanged()
    clearTimeout(this.#pauseTimer)
    if (!this.#isIdle) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(closeTimeout, this.#options.commandTimeout))
        this.#onIdle = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#end?.(this.#refusal)
    this.#calls.stop()
  }

  #connect(): void {
    if (this.#closed) return
    const { admit, connectTimeout, endpoint } = this.#options
    this.#attempts.begin()
    const abort = new AbortController()
    let client: NodeRedisClient | undefined
    let over = false
    const end = (failure: DriverFailure, cause: LossCause = "garbled") => {
      if (over) return
      over = true
      clearDeadline()
      this.#end = undefined
      // Calls are told before the client is: its own way out hides which of them had been sent.
      this.#lost(failure, cause)
      abort.abort()
      client?.destroy()
    }
    const fail = (error: unknown) => end(this.#handshake.failureOf(error), ReplyError.isCut(error) ? "cut" : "garbled")
    const clearDeadline = startDeadline(connectTimeout, () => end(ReplyError.noHandshake(connectTimeout)))
    this.#end = end
    const attempt = async () => {
      const found = await endpoint(abort.signal)
      if (over) return
      this.#address = addressOf(found)
      this.#stateChanged()
      client = createNodeRedisClient(found, abort.signal)
      // Stays for good: an error without a listener ends the process, and sockets have errors after their end.
      client.on("error", fail)
      const protocol = await this.#handshake.perform(client, found)
      await admit?.((...args) => (client as NodeRedisClient).sendCommand(args), this.#handshake.role)
      const isTracking = await this.#track(client, protocol)
      if (over) return
      clearDeadline()
      if (!this.#closed) this.#becomeReady(client, isTracking)
    }
    attempt().catch(fail)
  }

  /** Lets the server tell what changes, if that is asked for and the server does. */
  async #track(client: NodeRedisClient, protocol: Protocol): Promise<boolean> {
    const { report, tracking } = this.#options
    if (tracking === undefined) return false
    // What is left of a connection that is lost is heard too, and does no harm.
    client.on("invalidate", (key: Buffer | null) =>
      key === null ? tracking.everyKeyChanged() : tracking.keyChanged(key.toString())
    )
    try {
      if (protocol === 2) throw ReplyError.noMessages()
      await client.sendCommand(["CLIENT", "TRACKING", "ON"])
      this.#reportedTracking = false
      return true
    } catch (error) {
      const failure = ReplyError.fromConnect(error)
      if ((protocol === 2 || failure.serverCode !== undefined) && !this.#reportedTracking) {
        this.#reportedTracking = true
        report({ _tag: "NotTracking", failure })
      }
      return false
    }
  }

  #becomeReady(client: NodeRedisClient, isTracking: boolean): void {
    this.#ready = client
    this.#attempts.becameReady()
    if (isTracking) this.#options.tracking?.begin()
    const fence = new ReplyFence({
      ping: (text) => client.sendCommand(["PING", text]),
      echo: (text) => client.sendCommand(["ECHO", text]),
      release: (calls) => this.#deliver(calls),
      outOfStep: () => this.#end?.(ReplyError.outOfStep())
    })
    this.#fence = fence
    this.#idlePing = new IdlePing({
      interval: this.#options.pingInterval,
      idleFor: () => performance.now() - fence.sentAt,
      ping: () => this.#send(client, new PendingCommand(ping, undefined))
    })
    for (const args of this.#options.greeting ?? []) client.sendCommand(args).catch(() => {})
    if (this.#reported !== undefined) this.#options.report({ _tag: "ReadyAgain" })
    this.#reported = undefined
    this.#waiting.send()
    this.#stateChanged()
  }

  /** The current client is of no more use. */
  #lost(failure: DriverFailure, cause: LossCause): void {
    this.#ready = undefined
    this.#options.tracking?.end()
    this.#fence?.stop()
    this.#fence = undefined
    this.#idlePing?.stop()
    const calls = this.#calls.drain()
    if (this.#closed) {
      for (const call of calls) this.#fail(call)
      this.#idle()
      return
    }
    this.#refusal = failure
    // Who waits behind a silence has waited as long as a command may already.
    const isOutage = !this.#attempts.lost() || cause === "silent"
    if (!isOutage) this.#waiting.open()
    if (!isOutage && cause === "cut") this.#replacedBy = performance.now() + this.#options.commandTimeout
    this.#pauseTimer = setTimeout(() => this.#connect(), this.#attempts.nextPause())
    if (this.#reported !== failure.reason.message) {
      this.#reported = failure.reason.message
      this.#options.report({ _tag: "NotReady", failure })
    }
    this.#stateChanged()
    const isCut = cause === "cut" || cause === "moved"
    const failed: Array<PendingCommand> = []
    for (const call of calls) {
      if (this.#waiting.isOpen && call.maySendAgain(isCut)) this.#sendAgain(call)
      else failed.push(call)
    }
    // Last: in the moment in which it hears, a caller may ask again, interrupt another one, or close the cache.
    if (isOutage && cause !== "moved") this.#waiting.fail(failure)
    for (const call of failed) this.#fail(call)
    this.#idle()
  }

  #stateChanged(): void {
    this.#options.report({ _tag: "StateChanged" })
  }

  #fail(call: PendingCommand): void {
    call.waiting = false
    call.complete(ReplyError.lost(call.sent))
  }

  /** Sends on the next connection, within its deadline, a call that cannot have changed anything. */
  #sendAgain(call: PendingCommand): void {
    call.waiting = false
    // The client's end changes it.
    const { sent } = call
    const again = call.again()
    call.interruptAgain = this.#waiting.add(
      (until) => {
        const command = remakeOf(again.command)
        if (command === undefined) return undefined
        again.command = command
        return this.#send(this.#ready as NodeRedisClient, again, until)
      },
      (failure) => again.complete(sent ? ReplyError.lost(true) : failure),
      call.deadline
    )
  }

  /** Answers that are known to be their callers' own. */
  #deliver(calls: ReadonlyArray<PendingCommand>): void {
    this.#attempts.proved()
    const own = calls.filter((call) => call.waiting)
    for (const call of own) {
      call.waiting = false
      this.#calls.remove(call)
      this.#options.tracking?.proved(call.sentAt)
    }
    this.#pacer.deliver(own)
    this.#idle()
  }

  /** What this process changes is not kept either, from the moment in which it is sent. */
  #changes(command: Pick<Command<unknown>, "args" | "isRead">): void {
    const { tracking } = this.#options
    if (tracking === undefined) return
    const changed = writtenKeys(command)
    if (changed === "every key") tracking.everyKeyChanged()
    else for (const key of changed) tracking.keyChanged(String(key))
  }

  #answered(call: PendingCommand, reply: unknown): void {
    this.#replies++
    if (!call.waiting) return
    try {
      call.answer = call.command.decode(reply)
      // A settled promise may live on in the client's queue, and is not to keep a large reply alive.
      if (Array.isArray(reply)) reply.length = 0
      this.#fence?.hold(call)
    } catch (thrown) {
      if (!(thrown instanceof Reply.UnexpectedReply)) throw thrown
      const failure = ReplyError.unexpectedReply()
      this.#leave(call)
      this.#end?.(failure)
      call.complete(failure)
    }
  }

  #rejected(call: PendingCommand, error: unknown): void {
    const { recover } = call.command
    const failure = ReplyError.fromCommand(error, call.sent)
    if (failure.serverCode !== undefined) this.#replies++
    if (!call.waiting) return
    call.answer = recover === undefined ? failure : recover(failure)
    if (failure.serverCode === "READONLY") {
      // No longer the master: another one is found anew, or stands behind the same name by now.
      this.#leave(call)
      this.#attempts.refused()
      this.#end?.(failure, "cut")
      call.complete(call.answer)
      return
    }
    if (failure.serverCode !== undefined) {
      this.#fence?.hold(call)
    } else {
      this.#leave(call)
      call.complete(call.answer)
    }
  }

  /** The caller was interrupted. What was sent stays in the list, so that the watchdog still counts it. */
  #abandon(call: PendingCommand): Effect.Effect<void> {
    if (call.settle !== undefined) {
      call.settle = undefined
      if (!call.sent) {
        this.#leave(call)
        call.cancelWrite()
      }
    }
    return Effect.void
  }

  #expired(call: PendingCommand): void {
    const { sent } = call
    call.waiting = false
    call.cancelWrite()
    // Not one reply while this call has waited: the connection is silent, whatever is still written to it.
    if (sent && call.repliesBefore === this.#replies) {
      const silentAt = call.sentAt + this.#options.commandTimeout
      if (performance.now() + 1 < silentAt) {
        // It was written late, after the loop had been blocked: its time as a witness is not over.
        call.waiting = true
        this.#calls.add(call, silentAt)
      } else {
        // Ended before the caller hears of it, who may ask again at once. Behind a check nobody has waited for long.
        this.#end?.(ReplyError.silent(), call.command === ping ? "cut" : "silent")
      }
    }
    call.complete(ReplyError.timedOut(sent, this.#options.commandTimeout))
    this.#idle()
  }

  #leave(call: PendingCommand): void {
    call.waiting = false
    this.#calls.remove(call)
    this.#idle()
  }

  /** Whether every caller was told what became of its call. */
  get #isIdle(): boolean {
    return this.#calls.size === 0 && this.#pacer.held === 0
  }

  #idle(): void {
    if (this.#isIdle) this.#onIdle?.()
  }
}

/** The command as it is sent after a wait, if anybody still wants it. */
const remakeOf = <A>(command: Command<A>): Command<A> | undefined =>
  command.remake === undefined ? command : command.remake()
