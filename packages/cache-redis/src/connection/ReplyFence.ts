/**
 * Proves that replies match commands.
 *
 * In Redis's protocol a reply belongs to a command by its place alone. So a fence, a PING with a text of its own, goes
 * behind the commands of every turn of the event loop, and results are held until their fence comes back in its place: a
 * reply too many or too few shows before any caller gets another's.
 *
 * @internal
 */
import { DriverFailure } from "@hexcache/cache-port"
import * as ReplyError from "../commands/ReplyError.ts"
import { performance, setImmediate } from "../platform/Platform.ts"
import type { PendingCommand } from "./PendingCommand.ts"

/** The parts of one connection that its fence uses. */
export interface ReplyFenceOptions {
  /** Sends a PING with this text. Resolves with the reply in its place. */
  readonly ping: (text: string) => Promise<unknown>
  /** As `ping`, by ECHO: a server that cannot save refuses every PING, and still serves reads. */
  readonly echo: (text: string) => Promise<unknown>
  /** Takes commands whose results are proved to be their own. */
  readonly release: (commands: ReadonlyArray<PendingCommand>) => void
  readonly outOfStep: () => void
}

/** The fences of one connection, and the commands held behind them. */
export class ReplyFence {
  readonly #options: ReplyFenceOptions
  /** Commands with a result whose fence has not come back, in order. */
  #held: Array<PendingCommand> = []
  #sent = 0
  #returned = 0
  #isDue = false
  #isStopped = false
  #sentAt = performance.now()

  constructor(options: ReplyFenceOptions) {
    this.#options = options
  }

  /** When the last fence was sent, and so the last command, on `performance`'s clock. */
  get sentAt(): number {
    return this.#sentAt
  }

  /**
   * Plans a fence for the end of this turn, and returns its number. Called before a command goes to node-redis, which then
   * plans its own write, so that both leave in one.
   */
  fence(): number {
    if (!this.#isDue) {
      this.#isDue = true
      setImmediate(this.#send)
    }
    return this.#sent + 1
  }

  /** Holds a command with its result until its fence comes back. On Bun an error reply may come behind its fence. */
  hold(command: PendingCommand): void {
    if (command.fence <= this.#returned) this.#options.release([command])
    else this.#held.push(command)
  }

  /** Drops what is held: the connection is lost. */
  stop(): void {
    this.#isStopped = true
    this.#held = []
  }

  readonly #send = (): void => {
    this.#isDue = false
    if (this.#isStopped) return
    const number = ++this.#sent
    this.#sentAt = performance.now()
    const text = `fence-${number}`
    const came = (reply: unknown) => this.#came(number, reply === text)
    const refused = (error: unknown) => this.#came(number, isPingRefused(error) || this.#held.every(isRefused))
    this.#options.ping(text).then(came, (error) => {
      if (ReplyError.serverCodeOf(error) === "MISCONF") this.#options.echo(text).then(came, refused)
      else refused(error)
    })
  }

  #came(number: number, isInPlace: boolean): void {
    if (this.#isStopped) return
    if (!isInPlace) {
      this.#options.outOfStep()
      return
    }
    this.#returned = number
    const held = this.#held
    this.#held = []
    this.#options.release(held)
  }
}

/** A user that may not PING gets the refusal in the fence's place, which proves as much. */
const isPingRefused = (error: unknown): boolean =>
  ReplyError.serverCodeOf(error) === "NOPERM" && error instanceof Error && error.message.includes("'ping'")

/** Where the server refuses everything, the fence too, no result holds a value. */
const isRefused = ({ result }: PendingCommand): boolean => result instanceof DriverFailure
