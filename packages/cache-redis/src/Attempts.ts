/**
 * The attempts to connect: how long to pause before the next one, and which connections have proved themselves.
 *
 * A server may complete every handshake and hang up each time. So the pauses begin anew only when a connection has
 * answered a command, or has lived for a while.
 *
 * @internal
 */
import { performance } from "node:perf_hooks"

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

  /** The server on this connection is the wrong one, though it answers: the pauses go on growing. */
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
   * worth waiting for; of connections that only ever complete the handshake, only the first one's is.
   */
  lost(): boolean {
    const wasReady = this.#readyAt !== undefined
    if (wasReady && performance.now() - (this.#readyAt as number) >= proofAge) this.#unproved = 0
    if (this.#unproved === 0 && wasReady && !this.#isRefused) this.#pause = this.#backoff.initial
    return wasReady && this.#unproved <= 1
  }

  /** The pause before the next attempt, in milliseconds. An attempt that was long enough needs none behind it. */
  nextPause(): number {
    const pause = this.#pause * (0.5 + Math.random() / 2)
    this.#pause = Math.min(this.#pause * 2, this.#backoff.max)
    return Math.max(1, pause - (performance.now() - this.#begunAt))
  }
}
