/**
 * The attempts to connect: how long to pause before the next one, and which connections have proved themselves.
 *
 * A server may complete every handshake and hang up each time, or answer each time that it is no master. So the pauses
 * begin anew only when a connection has lived for a while, or has answered a command and was not refused.
 *
 * @internal
 */
import { performance, random } from "../platform/Platform.ts"

/** Pauses between attempts, in milliseconds: doubled from the initial to the longest one, half of each at random. */
export interface Backoff {
  readonly initial: number
  readonly max: number
}

/** How long a connection on which nothing was sent has to live to have proved itself, in milliseconds. */
const proofAge = 1_000

/** The history of one server's connections. */
export class Attempts {
  readonly #backoff: Backoff
  #begunAt = 0
  #readyAt: number | undefined
  #pause: number
  /** How many connections in a row became ready, and have not proved themselves. */
  #unproved = 0
  #isRefused = false
  /** How many connections in a row were refused, none of which has lived for a while. */
  #refusals = 0

  constructor(backoff: Backoff) {
    this.#backoff = backoff
    this.#pause = backoff.initial
  }

  /** An attempt begins. */
  begin(): void {
    this.#begunAt = performance.now()
    this.#readyAt = undefined
    this.#isRefused = false
  }

  /** The server on this connection is the wrong one, though it answers. */
  refused(): void {
    this.#isRefused = true
  }

  /** The attempt has succeeded. */
  becameReady(): void {
    this.#readyAt = performance.now()
    this.#unproved++
  }

  /** The connection has answered a command. */
  proved(): void {
    this.#unproved = 0
  }

  /**
   * The attempt has failed, or the connection is lost. Returns true if it was ready until now, so that its replacement is
   * worth waiting for. Of connections that only ever complete the handshake, and of those to the wrong server, only the
   * first one's is.
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

  /** The pause before the next attempt, in milliseconds. An attempt that was long enough needs none behind it. */
  nextPause(): number {
    const pause = this.#pause * (0.5 + random() / 2)
    this.#pause = Math.min(this.#pause * 2, this.#backoff.max)
    return Math.max(1, pause - (performance.now() - this.#begunAt))
  }
}
