/**
 * Whether replies are in step with commands.
 *
 * Redis's protocol tells whose a reply is by its place alone. So a marker, a PING with a text of its own, goes behind the
 * commands of every turn of the event loop, and an answer is handed out only when its marker has come back in its place:
 * a reply too many or too few is noticed before anybody is given another's.
 *
 * @internal
 */
import { DriverFailure } from "@hexcache/cache-port"
import * as ReplyError from "../commands/ReplyError.ts"
import { performance, setImmediate } from "../platform/Platform.ts"
import type { PendingCommand } from "./PendingCommand.ts"

/** What markers need of one connection. */
export interface ReplyFenceOptions {
  /** Sends a PING with this text and tells what came back in its place. */
  readonly ping: (text: string) => Promise<unknown>
  /** As `ping`, by ECHO: a server that cannot save refuses every PING, and answers reads. */
  readonly echo: (text: string) => Promise<unknown>
  /** Takes calls whose answers are their own. */
  readonly release: (calls: ReadonlyArray<PendingCommand>) => void
  readonly outOfStep: () => void
}

/** The markers of one connection. */
export class ReplyFence {
  readonly #options: ReplyFenceOptions
  /** Answered calls whose marker has not come yet, in order. */
  #answered: Array<PendingCommand> = []
  #sent = 0
  #returned = 0
  #isDue = false
  #isStopped = false
  #sentAt = performance.now()

  constructor(options: ReplyFenceOptions) {
    this.#options = options
  }

  /** When the last marker was sent, and so the last command, on `performance`'s clock. */
  get sentAt(): number {
    return this.#sentAt
  }

  /**
   * Plans a marker for the end of this turn. Called before a command is given to node-redis, which then plans its own
   * writing, so that the marker goes out with what it marks. Answers its number.
   */
  fence(): number {
    if (!this.#isDue) {
      this.#isDue = true
      setImmediate(this.#send)
    }
    return this.#sent + 1
  }

  /** Keeps a call that has its answer until its marker comes. On Bun an error reply may be told behind its marker. */
  hold(call: PendingCommand): void {
    if (call.fence <= this.#returned) this.#options.release([call])
    else this.#answered.push(call)
  }

  /** The connection is lost, and with it what was kept. */
  stop(): void {
    this.#isStopped = true
    this.#answered = []
  }

  readonly #send = (): void => {
    this.#isDue = false
    if (this.#isStopped) return
    const number = ++this.#sent
    this.#sentAt = performance.now()
    const text = `fence-${number}`
    const came = (reply: unknown) => this.#came(number, reply === text)
    const refused = (error: unknown) => this.#came(number, isPingRefused(error) || this.#answered.every(isRefused))
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
    const answered = this.#answered
    this.#answered = []
    this.#options.release(answered)
  }
}

/** A user that may not PING is told so in the marker's place, which is as good. */
const isPingRefused = (error: unknown): boolean =>
  ReplyError.serverCodeOf(error) === "NOPERM" && error instanceof Error && error.message.includes("'ping'")

/** Where the server refuses everything, the marker too, no answer holds a value. */
const isRefused = ({ result }: PendingCommand): boolean => result instanceof DriverFailure
