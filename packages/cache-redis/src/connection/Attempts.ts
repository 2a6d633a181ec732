/**
 * The attempts to connect: the pause before the next one, and the connections that have proved themselves.
 *
 * A server may complete every handshake and hang up each time, or say each time that it is no master. So the pauses begin
 * anew only when a connection has lived for a while, or has carried out a command.
 *
 * @internal
 */
import { performance, random } from "../platform/Platform.ts"

/** Pauses between attempts, in milliseconds: doubled from the initial to the longest one, half of each at random. */
export interface Backoff {
  readonly initial: number
  readonly max: number
}

/** The age at which a connection without a command has proved itself, in milliseconds. */
const proofAge = 1_000

/** The history of one server's connections. */
export class Attempts {
  readonly #backoff: Backoff
  #begunAt = 0
  #readyAt: number | undefined
  #pause: number
  /** The number of connections in a row that became ready and have not proved themselves. */
  #unproved = 0
  #isRefused = false
  /** The number of connections in a row that were refused, none of which has lived for a while. */
  #refusals = 0

  constructor(backoff: Backoff) {
    this.#backoff = backoff
    this.#pause = backoff.initial
  }

  /** Notes that an attempt begins. */
  begin(): void {
    this.#begunAt = performance.now()
    this.#readyAt = undefined
    this.#isRefused = false
  }

  /** Notes that the server on this connection is the wrong one, though it replies. */
  refused(): void {
    this.#isRefused = true
  }

  /** Notes that the attempt has succeeded. */
  becameReady(): void {
    this.#readyAt = performance.now()
    this.#unproved++
  }

  /** Notes that the connection has carried out a command. */
  proved(): void {
    this.#unproved = 0
  }

  /**
   * Notes that the attempt has failed, or the connection is lost. Returns true if it was ready until now, so that its
   * replacement is worth a wait. Of connections that only ever complete the handshake, and of those to the wrong server,
   * only the first one's is.
   */
  lost(): boolean {
    if (this.#readyAt === undefined) return false
    const hasLived = performance.now() - this.#readyAt >= proofAge
    if (hasLived) this.#unproved = 0
    if (hasLived || (this.#unproved === 0 && !this.#isRefused)) {
      this.#pause = this.#backoff.initial
      this.#refusals = 0
    }
    if (this.#isRefused) this.#refusals++
    return this.#unproved <= 1 && this.#refusals <= 1
  }

  /** The pause before the next attempt, in milliseconds, less the time of the last one. */
  nextPause(): number {
    const pause = this.#pause * (0.5 + random() / 2)
    this.#pause = Math.min(this.#pause * 2, this.#backoff.max)
    return Math.max(1, pause - (performance.now() - this.#begunAt))
  }
}
