/**
 * A Redis Cluster: which node has which slot, and a connection to each node.
 *
 * The map of slots is read again whenever a node says that a slot has moved, and, from the other nodes, for as long as
 * a node that has slots cannot be asked. So a master that is dead or frozen is left as soon as the cluster has made
 * another one, and the other shards never notice.
 *
 * @internal
 */
import { performance } from "node:perf_hooks"
import type { DriverFailure } from "@hexcache/cache-port"
import { Effect, Exit } from "effect"
import { conditionOf, worstOf } from "./ClusterState.ts"
import type { Command, Commander } from "./Command.ts"
import { Connection, type ConnectionEvent, type ConnectionOptions } from "./Connection.ts"
import { type Condition, StateHistory } from "./ConnectionState.ts"
import type { RedisState } from "./RedisStatus.ts"
import * as Reply from "./Reply.ts"
import * as ReplyError from "./ReplyError.ts"
import type { RedisKey, Router } from "./Router.ts"
import { slotOf, slots } from "./Slot.ts"
import { WaitingCommands } from "./WaitingCommands.ts"

/** The address of a node. */
export interface Node {
  readonly host: string
  readonly port: number
}

/** Which cluster, and how to connect to its nodes. Times are in milliseconds. */
export interface ClusterOptions {
  /** Some nodes by which the others are found. */
  readonly rootNodes: ReadonlyArray<Node>
  /** How to connect to a node. */
  readonly connection: (node: Node) => Omit<ConnectionOptions, "report">
  /** By when a command has ended, redirections included. */
  readonly commandTimeout: number
  /** How many commands may wait until the map of slots is known. */
  readonly maxPending: number
  readonly report: (event: ConnectionEvent) => void
}

/** How long until the map is read again while a node that has slots cannot be asked, in milliseconds. */
const refreshInterval = 200

/** How long until a command is sent again to a node that is just taking over its keys, in milliseconds. */
const tryAgainInterval = 10

/** How long before the deadline nothing is sent again, in milliseconds. */
const lastMoment = 5

/** A cluster, and its connections for as long as it is not closed. */
export class Cluster implements Router {
  readonly #options: ClusterOptions
  /** By address, replicas too: one that becomes a master can be asked at once. */
  readonly #connections = new Map<string, readonly [Node, Connection]>()
  readonly #waiting: WaitingCommands
  readonly #states = new StateHistory()
  #topology: Topology = { owners: [], masters: [], nodes: [], digest: "" }
  #refreshing: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: ClusterOptions) {
    this.#options = options
    this.#waiting = new WaitingCommands({ ...options, onClosed: () => this.#stateChanged() })
  }

  /** Starts to read the map of slots. Commands wait for this first reading, each within its own deadline. */
  start(): void {
    this.#waiting.open()
    void this.#refresh().then(() => this.#waiting.fail(ReplyError.unknownTopology()))
  }

  /** Derived from the map of slots and the connections that every command goes by. */
  get state(): RedisState {
    const nodes = Object.fromEntries(Array.from(this.#connections, ([address, [, { state }]]) => [address, state]))
    return { ...this.#states.of(this.#condition(nodes)), nodes }
  }

  #condition(nodes: RedisState["nodes"]): Condition {
    if (this.#closed) return ReplyError.closed()
    if (this.#waiting.isOpen) return "Connecting"
    const { masters, owners } = this.#topology
    if (masters.length === 0) return worstOf(Object.values(nodes)) ?? ReplyError.unknownTopology()
    return conditionOf(
      masters.map((master) => nodes[addressOf(master)]),
      !owners.includes(undefined)
    )
  }

  #stateChanged(): void {
    this.#options.report({ _tag: "StateChanged" })
  }

  of(key: RedisKey): Commander {
    return { send: (command, deadline) => this.#send(slotOf(key), command, deadline) }
  }

  parts<I>(items: ReadonlyArray<I>, keyOf: (item: I) => RedisKey): ReadonlyArray<ReadonlyArray<I>> {
    const bySlot = new Map<number, Array<I>>()
    for (const item of items) {
      const slot = slotOf(keyOf(item))
      const part = bySlot.get(slot)
      if (part === undefined) bySlot.set(slot, [item])
      else part.push(item)
    }
    return Array.from(bySlot.values())
  }

  deadline(): number {
    return performance.now() + this.#options.commandTimeout
  }

  readonly masters: Effect.Effect<ReadonlyArray<Commander>, DriverFailure> = Effect.suspend(() => {
    if (this.#waiting.isOpen) return this.#onceKnown(() => this.masters)
    const { masters } = this.#topology
    return masters.length === 0
      ? Effect.fail(ReplyError.unknownTopology())
      : Effect.succeed(masters.map((master) => this.#connection(master)))
  })

  /** Closes every connection at once. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#waiting.fail(ReplyError.closed())
    await Promise.all(Array.from(this.#connections.values(), ([, connection]) => connection.close()))
  }

  #send<A>(slot: number, command: Command<A>, until?: number): Effect.Effect<A, DriverFailure> {
    return Effect.suspend(() => {
      if (this.#waiting.isOpen) return this.#onceKnown((deadline) => this.#send(slot, command, deadline), until)
      const deadline = until ?? performance.now() + this.#options.commandTimeout
      const owner = this.#topology.owners[slot]
      return owner === undefined ? Effect.fail(ReplyError.unknownTopology()) : this.#ask(owner, slot, command, deadline)
    })
  }

  /** Continues when the map of slots is known. */
  #onceKnown<A>(
    next: (deadline: number) => Effect.Effect<A, DriverFailure>,
    deadline?: number
  ): Effect.Effect<A, DriverFailure> {
    return Effect.callback<A, DriverFailure>((resume) =>
      this.#waiting.add(
        (deadline) => {
          resume(next(deadline))
          return undefined
        },
        (failure) => resume(Effect.fail(failure)),
        deadline
      )
    )
  }

  #ask<A>(node: Node, slot: number, command: Command<A>, deadline: number): Effect.Effect<A, DriverFailure> {
    return Effect.catch(this.#connection(node).send(command, deadline), (failure) => {
      const isLate = deadline - performance.now() < lastMoment
      return (isLate ? undefined : this.#again(failure, node, slot, command, deadline)) ?? Effect.fail(failure)
    })
  }

  /** What is asked instead, where the server has done nothing and another one, or the same one later, will. */
  #again<A>(
    failure: DriverFailure,
    asked: Node,
    slot: number,
    command: Command<A>,
    deadline: number
  ): Effect.Effect<A, DriverFailure> | undefined {
    if (failure instanceof ReplyError.Redirection) {
      const node = named(failure, asked)
      const moved = failure.serverCode === "MOVED"
      if (moved) this.#moved(slot, node)
      return Effect.andThen(
        this.#connection(node).ready(deadline),
        this.#ask(node, slot, { ...command, asking: !moved }, deadline)
      )
    }
    switch (failure.serverCode) {
      case "TRYAGAIN":
        return Effect.andThen(pause(tryAgainInterval), this.#send(slot, command, deadline))
      case "READONLY":
        // Not waited for: what it finds is seen by the next attempt, and the deadline is the operation's own.
        void this.#refresh()
        return Effect.andThen(pause(tryAgainInterval), this.#send(slot, command, deadline))
      default:
        return undefined
    }
  }

  /** One slot is elsewhere, and so others may be. */
  #moved(slot: number, node: Node): void {
    // In place: a failover moves thousands of slots, and each in-flight call tells of one.
    this.#topology.owners[slot] = node
    void this.#refresh()
  }

  #connection(node: Node): Connection {
    const address = addressOf(node)
    const known = this.#connections.get(address)
    if (known !== undefined) return known[1]
    const connection = new Connection({
      ...this.#options.connection(node),
      report: (event) => {
        this.#options.report(event)
        if (event._tag === "NotReady") void this.#refresh()
      }
    })
    this.#connections.set(address, [node, connection])
    if (!this.#closed) connection.start()
    return connection
  }

  /** Reads the map of slots again, once at a time. */
  #refresh(): Promise<void> {
    this.#refreshing ??= this.#readTopology().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  async #readTopology(): Promise<void> {
    clearTimeout(this.#timer)
    const ready = Array.from(this.#connections.values()).filter(([, connection]) => connection.isReady)
    // Where nobody is left to ask, the cluster may have moved altogether.
    const asked = ready.length > 0 ? ready.map(([node]) => node) : this.#options.rootNodes
    const deadline = performance.now() + this.#options.commandTimeout
    const isFirst = this.#waiting.isOpen
    const ask = (node: Node) => {
      const connection = this.#connection(node)
      // The first time a connection that fails is not waited for: every command waits for the map.
      const ready = isFirst ? Effect.void : connection.ready(deadline)
      return Effect.andThen(
        ready,
        Effect.map(connection.send(askSlots, deadline), (ranges) => {
          const topology = toTopology(ranges, node)
          if (this.#waiting.isOpen && !this.#closed && topology.masters.length > 0) this.#begin(topology)
          return topology
        })
      )
    }
    const answers = await Effect.runPromise(
      Effect.forEach(asked, (node) => Effect.exit(ask(node)), { concurrency: "unbounded" })
    )
    if (this.#closed) return
    const told = mostTold(answers.filter(Exit.isSuccess).map(({ value }) => value))
    if (told !== undefined) this.#apply(told)
    if (!this.#isWhole()) this.#timer = setTimeout(() => void this.#refresh(), refreshInterval)
  }

  /** Takes the first map that a node tells: the majority corrects it a moment later. */
  #begin(topology: Topology): void {
    this.#apply(topology)
    this.#waiting.send()
  }

  #apply(topology: Topology): void {
    this.#topology = topology
    const left = new Set(this.#connections.keys())
    for (const node of topology.nodes) {
      this.#connection(node)
      left.delete(addressOf(node))
    }
    for (const address of left) {
      void this.#connections.get(address)?.[1].close()
      this.#connections.delete(address)
    }
    this.#stateChanged()
  }

  /** Every slot has an owner that can be asked. */
  #isWhole(): boolean {
    const { masters, owners } = this.#topology
    return (
      owners.length === slots &&
      !owners.includes(undefined) &&
      masters.every((master) => this.#connection(master).isReady)
    )
  }
}

const askSlots: Command<ReadonlyArray<Reply.SlotRange>> = { args: ["CLUSTER", "SLOTS"], decode: Reply.slotRanges }

/** Which node has which slot. */
interface Topology {
  /** By slot. */
  readonly owners: Array<Node | undefined>
  readonly masters: ReadonlyArray<Node>
  readonly nodes: ReadonlyArray<Node>
  /** Equal for equal maps, whoever told them and in whatever order. */
  readonly digest: string
}

/** A node without a host is on the host that told of it. */
const named = ({ host, port }: Node, teller: Node): Node => ({ host: host === "" ? teller.host : host, port })

const toTopology = (ranges: ReadonlyArray<Reply.SlotRange>, teller: Node): Topology => {
  const owners: Array<Node | undefined> = Array.from({ length: slots })
  const masters = new Map<string, Node>()
  const nodes = new Map<string, Node>()
  for (const { first, last, nodes: told } of ranges) {
    const [master, ...replicas] = told.map((node) => named(node, teller))
    if (master === undefined) continue
    owners.fill(master, first, last + 1)
    masters.set(addressOf(master), master)
    for (const node of [master, ...replicas]) nodes.set(addressOf(node), node)
  }
  const digest = ranges.map(({ first, last, nodes: [master] }) => `${first}-${last} ${master && addressOf(master)}`)
  return { owners, masters: [...masters.values()], nodes: [...nodes.values()], digest: digest.toSorted().join() }
}

const addressOf = ({ host, port }: Node): string => `${host}:${port}`

/** The map that most nodes agree on: one that was cut off, or frozen, may tell an old one. */
const mostTold = (told: ReadonlyArray<Topology>): Topology | undefined => {
  const votes = new Map<string, { readonly topology: Topology; count: number }>()
  for (const topology of told) {
    if (topology.masters.length === 0) continue
    const vote = votes.get(topology.digest) ?? { topology, count: 0 }
    vote.count++
    votes.set(topology.digest, vote)
  }
  return Array.from(votes.values()).toSorted((one, other) => other.count - one.count)[0]?.topology
}

/** Real time, whatever the caller's `Clock`: it is the cluster's, too. */
const pause = (millis: number): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const timer = setTimeout(() => resume(Exit.void), millis)
    return Effect.sync(() => clearTimeout(timer))
  })
