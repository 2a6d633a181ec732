/**
 * Checks a connection on which nothing was sent for a while.
 *
 * A connection that a firewall or a NAT forgot looks like any other until something is sent on it, and the first sender
 * would wait in vain. TCP's own keepalive does not notice where a proxy replies to it for a server that is gone.
 *
 * @internal
 */
import { clearTimeout, setTimeout } from "../platform/Platform.ts"

/** The checks of one connection. Times are in milliseconds. */
export interface IdlePingOptions {
  /** The time without a command after which a PING is due; infinite for never. */
  readonly interval: number
  /** Returns the time since the last command. */
  readonly idleFor: () => number
  readonly ping: () => void
  /** The process's own by default. */
  readonly timers?: Pick<typeof globalThis, "setTimeout" | "clearTimeout">
}

/** Pings whenever nothing was sent for an interval, until it is stopped. Keeps no process alive. */
export class IdlePing {
  readonly #options: IdlePingOptions
  readonly #timers: NonNullable<IdlePingOptions["timers"]>
  #timer: NodeJS.Timeout | undefined

  constructor(options: IdlePingOptions) {
    this.#options = options
    this.#timers = options.timers ?? { setTimeout, clearTimeout }
    this.#wait(options.interval)
  }

  stop(): void {
    this.#timers.clearTimeout(this.#timer)
  }

  #wait(millis: number): void {
    if (millis === Number.POSITIVE_INFINITY) return
    this.#timer = this.#timers.setTimeout(() => this.#check(), Math.ceil(millis)).unref()
  }

  #check(): void {
    const { idleFor, interval, ping } = this.#options
    const left = interval - idleFor()
    if (left > 0) {
      this.#wait(left)
      return
    }
    this.#wait(interval)
    ping()
  }
}
