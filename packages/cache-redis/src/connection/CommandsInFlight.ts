/**
 * The commands that one server has not replied to, with their deadlines.
 *
 * A result passes three steps on its way back: the fence proves that the reply is the command's own, the pacer decides
 * when its caller continues, and the command completes.
 *
 * @internal
 */
import { DriverFailure } from "@hexcache/cache-port"
import { Effect } from "effect"
import { type Command, remakeOf } from "../commands/Command.ts"
import * as Reply from "../commands/Reply.ts"
import * as ReplyError from "../commands/ReplyError.ts"
import { typeMappings } from "../commands/typeMappings.ts"
import { writtenKeys } from "../commands/writtenKeys.ts"
import { performance } from "../platform/Platform.ts"
import type { LossCause } from "./ClientSession.ts"
import { DeadlineQueue } from "./DeadlineQueue.ts"
import { IdlePing } from "./IdlePing.ts"
import type { KeyChangeListener } from "./KeyChangeListener.ts"
import type { NodeRedisClient } from "./NodeRedisClient.ts"
import { PendingCommand } from "./PendingCommand.ts"
import { ReplyFence } from "./ReplyFence.ts"
import { ReplyPacer } from "./ReplyPacer.ts"
import { Watchdog } from "./Watchdog.ts"

/** Bounds, and the handlers of what commands reveal of their connection. Times are in milliseconds. */
export interface CommandsInFlightOptions {
  readonly commandTimeout: number
  readonly maxPending: number
  /** How long nothing was sent when a PING checks the connection; infinite for never. */
  readonly pingInterval: number
  readonly tracking?: KeyChangeListener | undefined
  /** Called for each batch of replies that are proved to be their commands' own. */
  readonly onProved: () => void
  /** Ends the connection. Called before the command that revealed the fault completes. */
  readonly onFault: (failure: DriverFailure, cause: LossCause) => void
  /** Called when every caller has its result. */
  readonly onIdle: () => void
}

/** Checks a connection on which nothing else was sent. */
const ping: Command<void> = { args: ["PING"], decode: Reply.pong }

/** Commands in flight, on one client after another. */
export class CommandsInFlight {
  readonly #options: CommandsInFlightOptions
  readonly #queue: DeadlineQueue<PendingCommand>
  readonly #watchdog: Watchdog
  readonly #pacer = new ReplyPacer({ isQuiet: () => this.isQuiet, onDelivered: () => this.#idle() })
  #client: NodeRedisClient | undefined
  #fence: ReplyFence | undefined
  #idlePing: IdlePing | undefined

  constructor(options: CommandsInFlightOptions) {
    this.#options = options
    this.#queue = new DeadlineQueue(options.commandTimeout, (command) => this.#expire(command))
    this.#watchdog = new Watchdog(options.commandTimeout)
  }

  /** True if the server has replied to everything. */
  get isQuiet(): boolean {
    return this.#queue.size === 0
  }

  /** True if every caller has its result. */
  get isIdle(): boolean {
    return this.#queue.size === 0 && this.#pacer.held === 0
  }

  /** Sends on this client from now on. */
  begin(client: NodeRedisClient): void {
    const fence = new ReplyFence({
      ping: (text) => client.sendCommand(["PING", text]),
      echo: (text) => client.sendCommand(["ECHO", text]),
      release: (commands) => this.#release(commands),
      outOfStep: () => this.#options.onFault(ReplyError.outOfStep(), "garbled")
    })
    this.#client = client
    this.#fence = fence
    this.#idlePing = new IdlePing({
      interval: this.#options.pingInterval,
      idleFor: () => performance.now() - fence.sentAt,
      ping: () => this.send(new PendingCommand(ping, undefined))
    })
  }

  /** Leaves the client, and returns the commands without a result. */
  end(): ReadonlyArray<PendingCommand> {
    this.#fence?.stop()
    this.#fence = undefined
    this.#idlePing?.stop()
    return this.#queue.drain()
  }

  /** Leaves no timer behind. */
  stop(): void {
    this.#queue.stop()
  }

  /**
   * Sends a command by its deadline, an instant on `performance`'s clock, the usual one unless given. Returns the effect
   * that the caller's interruption runs.
   */
  send(pending: PendingCommand, deadline?: number): Effect.Effect<void> | undefined {
    const { command } = pending
    const { maxPending, tracking } = this.#options
    if (this.#queue.size >= maxPending) {
      pending.complete(ReplyError.tooManyPending(maxPending))
      return undefined
    }
    const client = this.#client as NodeRedisClient
    this.#watchdog.watch(pending)
    this.#queue.add(pending, deadline)
    if (tracking !== undefined) reportWrites(command, tracking)
    if (this.#fence !== undefined) pending.fence = this.#fence.fence()
    if (command.asking === true) client.sendCommand(["ASKING"]).catch(() => {})
    const abortSignal = pending as unknown as AbortSignal
    const options =
      command.typeMapping === undefined ? { abortSignal } : { abortSignal, ...typeMappings[command.typeMapping] }
    client.sendCommand(command.args, options).then(
      (reply) => this.#replied(pending, reply),
      (error) => this.#rejected(pending, error)
    )
    return Effect.suspend(() => pending.interruptRetry ?? this.#cancel(pending))
  }

  #replied(pending: PendingCommand, reply: unknown): void {
    this.#watchdog.replyArrived()
    if (!pending.isPending) return
    try {
      pending.result = pending.command.decode(reply)
      // A settled promise may live on in the client's queue, which must not keep a large reply alive.
      if (Array.isArray(reply)) reply.length = 0
      this.#fence?.hold(pending)
    } catch (thrown) {
      if (!(thrown instanceof Reply.UnexpectedReply)) throw thrown
      const failure = ReplyError.unexpectedReply()
      this.#remove(pending)
      this.#options.onFault(failure, "garbled")
      pending.complete(failure)
    }
  }

  #rejected(pending: PendingCommand, error: unknown): void {
    const { recover } = pending.command
    const failure = ReplyError.fromCommand(error, pending.isWritten)
    const isReply = failure.serverCode !== undefined
    if (isReply) this.#watchdog.replyArrived()
    if (!pending.isPending) return
    pending.result = recover === undefined ? failure : recover(failure)
    if (isReply && !isDemoted(failure)) {
      this.#fence?.hold(pending)
      return
    }
    this.#remove(pending)
    if (isReply) this.#options.onFault(failure, "demoted")
    pending.complete(pending.result)
  }

  /** Completes commands whose results are proved to be their own. */
  #release(commands: ReadonlyArray<PendingCommand>): void {
    this.#options.onProved()
    const own: Array<PendingCommand> = []
    for (const command of commands) {
      if (!command.isPending) continue
      command.isPending = false
      this.#queue.remove(command)
      this.#options.tracking?.proved(command.writtenAt)
      if (isScriptUnknown(command)) this.#sendScript(command)
      else own.push(command)
    }
    this.#pacer.deliver(own)
    this.#idle()
  }

  /** Sends the text of a script in the rest of the command's time, unless its caller has gone. */
  #sendScript(pending: PendingCommand): void {
    if (pending.callback === undefined) return
    const command = remakeOf(pending.command)
    if (command === undefined) return
    const args = ["EVAL", command.script as string, ...command.args.slice(2)]
    pending.interruptRetry = this.send(pending.handOver({ ...command, args }), pending.deadline)
  }

  /** Lets a caller go. A written command stays in the queue, so that the watchdog still counts on it. */
  #cancel(pending: PendingCommand): Effect.Effect<void> {
    if (pending.callback === undefined) return Effect.void
    const { remake } = pending.command
    if (pending.isWritten) {
      // Others may wait for the reply.
      if (remake === undefined) pending.callback = undefined
      return Effect.void
    }
    const shorter = remake?.()
    if (shorter === undefined) {
      pending.callback = undefined
      this.#remove(pending)
      pending.cancelWrite()
    } else pending.shorten(shorter)
    return Effect.void
  }

  #expire(pending: PendingCommand): void {
    const { isWritten } = pending
    pending.isPending = false
    pending.cancelWrite()
    const silentAt = isWritten ? this.#watchdog.silentAt(pending) : undefined
    if (silentAt !== undefined && !this.#watchdog.isOver(silentAt)) {
      pending.isPending = true
      this.#queue.add(pending, silentAt)
    } else if (silentAt !== undefined) {
      // Before the caller continues, which may send again at once. No caller has waited behind a check.
      this.#options.onFault(ReplyError.silent(), pending.command === ping ? "cut" : "silent")
    }
    pending.complete(ReplyError.timedOut(isWritten, this.#options.commandTimeout))
    this.#idle()
  }

  #remove(pending: PendingCommand): void {
    pending.isPending = false
    this.#queue.remove(pending)
    this.#idle()
  }

  #idle(): void {
    if (this.isIdle) this.#options.onIdle()
  }
}

/** True for a refusal of a replica, which is no master any more: of writes, or of reads too while it has lost its own. */
const isDemoted = ({ serverCode }: DriverFailure): boolean => serverCode === "READONLY" || serverCode === "MASTERDOWN"

const isScriptUnknown = ({ command, result }: PendingCommand): boolean =>
  command.script !== undefined && result instanceof DriverFailure && result.serverCode === "NOSCRIPT"

/** Reports the keys that a command may change, from the moment in which it is sent. */
const reportWrites = (command: Command<unknown>, tracking: KeyChangeListener): void => {
  const keys = writtenKeys(command)
  if (keys === "every key") tracking.everyKeyChanged()
  else for (const key of keys) tracking.keyChanged(String(key))
}
