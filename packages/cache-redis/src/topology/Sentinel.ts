/**
 * One sentinel, and the connection to it.
 *
 * The connection is kept: on it the sentinel tells of a failover by itself, and a question costs two short commands.
 *
 * @internal
 */
import { DriverFailure, Unavailable } from "@hexcache/cache-port"
import { constVoid } from "effect/Function"
import * as ReplyError from "../commands/ReplyError.ts"
import { startDeadline } from "../connection/DeadlineQueue.ts"
import { fieldOf, Handshake } from "../connection/Handshake.ts"
import { createNodeRedisClient, type Endpoint, type NodeRedisClient } from "../connection/NodeRedisClient.ts"
import type { Node } from "./Topology.ts"

/** How to reach a sentinel, the question for it, and the listeners to its messages. */
export interface SentinelOptions {
  /** The signal ends the attempt to connect. */
  readonly endpoint: (signal: AbortSignal) => Promise<Endpoint>
  /** The master's name in the sentinels' configuration. */
  readonly name: string
  /** By when the sentinel has answered, connecting included, in milliseconds. */
  readonly timeout: number
  /** Called when the sentinel has told of a failover: `named` is the new master, whose number is to be asked for. */
  readonly onFailover: () => void
  /** Called when the sentinel does not let this user hear of failovers. */
  readonly onNotSubscribed: (failure: DriverFailure) => void
}

/** A master, and the number of the failover that made it so: of two, the one with the higher number is right. */
export interface NamedMaster extends Node {
  readonly epoch: number
}

/**
 * Where the words of a message have the name of the group and the address of its new master, by channel: the first is
 * published by the sentinel that has made the master, the second by those that hear of it.
 * https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/#pubsub-messages
 */
const failoverChannels: Record<string, { readonly group: number; readonly host: number }> = {
  "+promoted-slave": { group: 5, host: 2 },
  "+switch-master": { group: 0, host: 3 }
}

/** The sentinel watches no master of this name. */
export const unknownName = new DriverFailure(new Unavailable({ message: "the sentinel knows no master of this name" }))

/** A sentinel, asked over one connection, which is made anew when it is lost and the sentinel is asked again. */
export class Sentinel {
  readonly #options: SentinelOptions
  readonly #handshake = new Handshake({})
  #client: Promise<NodeRedisClient> | undefined
  /** Ends the connection, and the attempt to make it. */
  #abort = new AbortController()
  #asking: Promise<NamedMaster> | undefined
  /** The master that the sentinel has named on its present connection. */
  #named: NamedMaster | undefined
  /** The first question on the present connection, sent together with its handshake. */
  #asked: Promise<readonly [epoch: number, address: unknown]> | undefined
  /** How many failovers it has told of. */
  #failovers = 0

  constructor(options: SentinelOptions) {
    this.#options = options
  }

  /** The master that the sentinel has named, for as long as it can be asked again. */
  get named(): NamedMaster | undefined {
    return this.#named
  }

  /** Asks for the master, once at a time. Rejects with a `DriverFailure`. */
  ask(): Promise<NamedMaster> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  /** Ends the connection, and with it a question that is not answered. */
  close(): void {
    this.#client = undefined
    this.#asked = undefined
    this.#named = undefined
    this.#abort.abort()
  }

  async #ask(): Promise<NamedMaster> {
    const clearDeadline = startDeadline(this.#options.timeout, () => this.close())
    try {
      this.#client ??= this.#connect()
      const client = await this.#client
      let named: NamedMaster
      let failovers: number
      do {
        failovers = this.#failovers
        const [epoch, address] = await (this.#asked ?? this.#question(client))
        this.#asked = undefined
        if (!Array.isArray(address) || typeof address[0] !== "string") throw unknownName
        named = { host: address[0], port: Number(address[1]), epoch }
        // An answer may be older than what was heard meanwhile.
      } while (failovers !== this.#failovers)
      this.#named = named
      return named
    } catch (error) {
      if (error === unknownName) this.#named = undefined
      else this.close()
      throw ReplyError.fromConnect(error)
    } finally {
      clearDeadline()
    }
  }

  async #connect(): Promise<NodeRedisClient> {
    const { endpoint, onNotSubscribed } = this.#options
    const abort = new AbortController()
    this.#abort = abort
    const { signal } = abort
    const found = await endpoint(signal)
    signal.throwIfAborted()
    const client = createNodeRedisClient(found, signal)
    client.on("error", () => {
      if (!signal.aborted) this.close()
    })
    signal.addEventListener("abort", () => client.destroy(), { once: true })
    const protocol = await this.#handshake.perform(client, found, () => {
      this.#asked = this.#question(client)
      this.#asked.catch(constVoid)
    })
    if (protocol === 2) {
      this.#asked = undefined
      onNotSubscribed(ReplyError.noMessages())
      return client
    }
    // Not waited for, and behind the first question: a failover between the two is seen a second later.
    client
      .subscribe(Object.keys(failoverChannels), (message, channel) => this.#heard(message, channel))
      .catch((error: unknown) => {
        const failure = ReplyError.fromCommand(error, true)
        if (failure.serverCode !== undefined) onNotSubscribed(failure)
      })
    return client
  }

  #question(client: NodeRedisClient): Promise<readonly [epoch: number, address: unknown]> {
    const { name } = this.#options
    return Promise.all([
      epochOf(client.sendCommand(["SENTINEL", "MASTER", name])),
      client.sendCommand<unknown>(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name])
    ])
  }

  #heard(message: string, channel: string): void {
    const { name, onFailover } = this.#options
    const words = message.split(" ")
    const place = failoverChannels[channel]
    if (place === undefined || words[place.group] !== name || this.#named === undefined) return
    const [host = "", port] = words.slice(place.host)
    this.#failovers++
    // A failover has a higher number than the one before.
    this.#named = { host, port: Number(port), epoch: this.#named.epoch + 1 }
    onFailover()
  }
}

/** The number of the master's last failover, 0 where this user may not ask for it. */
const epochOf = async (asked: Promise<unknown>): Promise<number> => {
  try {
    return Number(fieldOf(await asked, "config-epoch") ?? 0)
  } catch (error) {
    if (ReplyError.serverCodeOf(error) === undefined) throw error
    return 0
  }
}
