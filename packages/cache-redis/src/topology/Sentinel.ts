/**
 * One sentinel, over a connection that is kept.
 *
 * On it the sentinel reports failovers by itself, and a query costs two short commands.
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

/** The way to a sentinel, the name to look up, and the handlers of its messages. */
export interface SentinelOptions {
  /** The signal ends the attempt to connect. */
  readonly endpoint: (signal: AbortSignal) => Promise<Endpoint>
  /** The master's name in the sentinels' configuration. */
  readonly name: string
  /** The time of a query, connecting included, in milliseconds. */
  readonly timeout: number
  /** Called when the sentinel has reported a failover: `named` is the new master, whose number a query returns. */
  readonly onFailover: () => void
  /** Called when the sentinel refuses to report failovers. */
  readonly onNotSubscribed: (failure: DriverFailure) => void
}

/** A master, and the number of the failover that made it so: the higher number is right. */
export interface NamedMaster extends Node {
  readonly epoch: number
}

/**
 * The places of the group's name and of its new master's address among the words of a message, by channel. The sentinel
 * that has made the master publishes the first one, those that learn of it the second.
 * https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/#pubsub-messages
 */
const failoverChannels: Record<string, { readonly group: number; readonly host: number }> = {
  "+promoted-slave": { group: 5, host: 2 },
  "+switch-master": { group: 0, host: 3 }
}

/** The sentinel watches no master of this name. */
export const unknownName = new DriverFailure(new Unavailable({ message: "the sentinel knows no master of this name" }))

/** Queries a sentinel over one connection, and makes that anew with the first query behind its loss. */
export class Sentinel {
  readonly #options: SentinelOptions
  readonly #handshake = new Handshake({})
  #client: Promise<NodeRedisClient> | undefined
  /** Ends the connection, and the attempt to make it. */
  #abort = new AbortController()
  #querying: Promise<NamedMaster> | undefined
  /** The master that the sentinel has named on its present connection. */
  #named: NamedMaster | undefined
  /** The first query on the present connection, sent together with its handshake. */
  #firstQuery: Promise<readonly [epoch: number, address: unknown]> | undefined
  /** The number of failovers that it has reported. */
  #failovers = 0

  constructor(options: SentinelOptions) {
    this.#options = options
  }

  /** The master that the sentinel has named, until its connection is lost. */
  get named(): NamedMaster | undefined {
    return this.#named
  }

  /** Queries the master, once at a time. Rejects with a `DriverFailure`. */
  query(): Promise<NamedMaster> {
    this.#querying ??= this.#find().finally(() => {
      this.#querying = undefined
    })
    return this.#querying
  }

  /** Ends the connection, and with it a query without a reply. */
  close(): void {
    this.#client = undefined
    this.#firstQuery = undefined
    this.#named = undefined
    this.#abort.abort()
  }

  async #find(): Promise<NamedMaster> {
    const clearDeadline = startDeadline(this.#options.timeout, () => this.close())
    try {
      this.#client ??= this.#connect()
      const client = await this.#client
      let named: NamedMaster
      let failovers: number
      do {
        failovers = this.#failovers
        const [epoch, address] = await (this.#firstQuery ?? this.#sendQuery(client))
        this.#firstQuery = undefined
        if (!Array.isArray(address) || typeof address[0] !== "string") throw unknownName
        named = { host: address[0], port: Number(address[1]), epoch }
        // A reply may be older than a message that came meanwhile.
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
      this.#firstQuery = this.#sendQuery(client)
      this.#firstQuery.catch(constVoid)
    })
    if (protocol === 2) {
      this.#firstQuery = undefined
      onNotSubscribed(ReplyError.noMessages())
      return client
    }
    // Not awaited, and behind the first query: the next query, a second later, sees a failover between the two.
    client
      .subscribe(Object.keys(failoverChannels), (message, channel) => this.#heard(message, channel))
      .catch((error: unknown) => {
        const failure = ReplyError.fromCommand(error, true)
        if (failure.serverCode !== undefined) onNotSubscribed(failure)
      })
    return client
  }

  #sendQuery(client: NodeRedisClient): Promise<readonly [epoch: number, address: unknown]> {
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

/** The number of the master's last failover, 0 where this user may not read it. */
const epochOf = async (reply: Promise<unknown>): Promise<number> => {
  try {
    return Number(fieldOf(await reply, "config-epoch") ?? 0)
  } catch (error) {
    if (ReplyError.serverCodeOf(error) === undefined) throw error
    return 0
  }
}
