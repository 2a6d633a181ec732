/**
 * One node-redis client, from the attempt to connect to its end.
 *
 * Each attempt has a client of its own, which does not reconnect. So nothing of one connection, a queued command above all,
 * ever reaches the next, and a client in doubt is simply destroyed.
 *
 * @internal
 */
import type { DriverFailure } from "@hexcache/cache-port"
import * as ReplyError from "../commands/ReplyError.ts"
import { startDeadline } from "./DeadlineQueue.ts"
import type { Handshake, Protocol } from "./Handshake.ts"
import type { KeyChangeListener } from "./KeyChangeListener.ts"
import { createNodeRedisClient, type Endpoint, endpointAddress, type NodeRedisClient } from "./NodeRedisClient.ts"

/** Where and how to connect. Times are in milliseconds. */
export interface ClientSessionOptions {
  /** Finds the endpoint anew for each attempt. The signal aborts when the attempt ends. */
  readonly endpoint: (signal: AbortSignal) => Endpoint | Promise<Endpoint>
  /** Rejects a connection that must not be used. `role` is the server's own word in the handshake. */
  readonly admit?:
    | ((send: (...args: ReadonlyArray<string>) => Promise<unknown>, role: unknown) => Promise<void>)
    | undefined
  readonly connectTimeout: number
  /** Hears of changed keys, where the server reports them. */
  readonly tracking?: KeyChangeListener | undefined
}

/**
 * The cause of a lost connection: it was cut; its replies could not be read or trusted; nothing came; the server is no
 * longer the master; or another server takes its place.
 */
export type LossCause = "cut" | "garbled" | "silent" | "demoted" | "moved"

/** Takes the outcome of a session. */
export interface ClientSessionHandlers {
  /** The address of the endpoint: `host:port`, or the path of a socket. */
  readonly onAddress: (address: string) => void
  /** The server's refusal to report changed keys, or undefined where it agrees. */
  readonly onTracking: (refusal: DriverFailure | undefined) => void
  readonly onReady: (client: NodeRedisClient, isTracking: boolean) => void
  /** Called before the client is destroyed, whose own end hides which commands were written. */
  readonly onEnd: (failure: DriverFailure, cause: LossCause) => void
}

/** Connects when it is made. */
export class ClientSession {
  readonly #options: ClientSessionOptions
  readonly #handshake: Handshake
  readonly #handlers: ClientSessionHandlers
  readonly #abort = new AbortController()
  readonly #clearDeadline: () => void
  #client: NodeRedisClient | undefined
  #isOver = false

  constructor(options: ClientSessionOptions, handshake: Handshake, handlers: ClientSessionHandlers) {
    this.#options = options
    this.#handshake = handshake
    this.#handlers = handlers
    const { connectTimeout } = options
    this.#clearDeadline = startDeadline(connectTimeout, () => this.end(ReplyError.noHandshake(connectTimeout)))
    this.#connect().catch(this.#fail)
  }

  /** Ends the session, ready or connecting, for this reason. */
  end(failure: DriverFailure, cause: LossCause = "garbled"): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#clearDeadline()
    this.#handlers.onEnd(failure, cause)
    this.#abort.abort()
    this.#client?.destroy()
  }

  readonly #fail = (error: unknown): void =>
    this.end(this.#handshake.failureOf(error), ReplyError.isCut(error) ? "cut" : "garbled")

  async #connect(): Promise<void> {
    const { admit, endpoint } = this.#options
    const { signal } = this.#abort
    const found = await endpoint(signal)
    if (this.#isOver) return
    this.#handlers.onAddress(endpointAddress(found))
    const client = createNodeRedisClient(found, signal)
    this.#client = client
    // Stays for good: an error without a listener ends the process, and sockets have errors after their end.
    client.on("error", this.#fail)
    const protocol = await this.#handshake.perform(client, found)
    await admit?.((...args) => client.sendCommand(args), this.#handshake.role)
    const isTracking = await this.#track(client, protocol)
    if (this.#isOver) return
    this.#clearDeadline()
    this.#handlers.onReady(client, isTracking)
  }

  /** Lets the server report changed keys. Returns true if it does. */
  async #track(client: NodeRedisClient, protocol: Protocol): Promise<boolean> {
    const { tracking } = this.#options
    if (tracking === undefined) return false
    // Messages of a connection that is lost arrive too, and do no harm.
    client.on("invalidate", (key: Buffer | null) =>
      key === null ? tracking.everyKeyChanged() : tracking.keyChanged(key.toString())
    )
    try {
      if (protocol === 2) throw ReplyError.noMessages()
      await client.sendCommand(["CLIENT", "TRACKING", "ON"])
      this.#handlers.onTracking(undefined)
      return true
    } catch (error) {
      const failure = ReplyError.fromConnect(error)
      if (protocol === 2 || failure.serverCode !== undefined) this.#handlers.onTracking(failure)
      return false
    }
  }
}
