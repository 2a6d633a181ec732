/**
 * A Redis Cluster: a connection to each node, and the way of a command to the node that has its slot.
 *
 * A command that a node has not carried out, since it is no longer the one to ask, goes to the one that is. So a master
 * that is replaced by plan costs a moment, one that is dead or frozen is left as soon as the cluster has made another one,
 * and the other shards never notice.
 *
 * @internal
 */
import type { DriverFailure } from "@hexcache/cache-port"
import { Effect, Exit } from "effect"
import type { Command, CommandSender, RedisKey } from "../commands/Command.ts"
import * as ReplyError from "../commands/ReplyError.ts"
import { writtenKeys } from "../commands/writtenKeys.ts"
import type { ConnectionEvent } from "../connection/Connection.ts"
import { type Condition, StateHistory } from "../connection/ConnectionState.ts"
import { WaitingCommands } from "../connection/WaitingCommands.ts"
import { clearTimeout, performance, setTimeout } from "../platform/Platform.ts"
import { type ClusterNode, ClusterNodes, type ClusterNodesOptions } from "./ClusterNodes.ts"
import { conditionOf, worstOf } from "./ClusterState.ts"
import type { RedisState } from "./RedisStatus.ts"
import type { Router } from "./Router.ts"
import { slotOf, slots } from "./Slot.ts"
import { addressOf, type Node, type Topology } from "./Topology.ts"
import { TopologyReader } from "./TopologyReader.ts"

/** Which cluster, and how to connect to its nodes. Times are in milliseconds. */
export interface ClusterOptions extends Omit<ClusterNodesOptions, "report"> {
  /** Where a node is reached that announces this address. */
  readonly mapAddress: (announced: Node) => Node
  /** By when a command has ended, redirections included. */
  readonly commandTimeout: number
  /** By when a connection is made, and by when a node has told the map of slots. */
  readonly connectTimeout: number
  /** How long until the map of slots is read though nothing hints at a change. */
  readonly topologyRefreshInterval: number
  /** How many commands may wait until the map of slots is known, or for the successor of a node. */
  readonly maxPending: number
  readonly report: (event: ConnectionEvent) => void
}

/** How long until a command is sent again to a node that is just taking over its keys, in milliseconds. */
const tryAgainInterval = 10

/** How long before the deadline nothing is sent again, in milliseconds. */
const lastMoment = 5

/** How many nodes a command is sent to behind the first one. */
const maxRedirections = 5

/** The pause before the second redirection of a command, doubled before each further one, in milliseconds. */
const redirectionPause = 10

/** A command on its way through the cluster. */
interface Routed<A> {
  readonly slot: number
  readonly command: Command<A>
  readonly deadline: number
  /** How many nodes were asked in vain. */
  readonly redirections: number
}

/** A cluster, and its connections for as long as it is not closed. */
export class Cluster implements Router {
  readonly #options: ClusterOptions
  readonly #nodes: ClusterNodes
  /** Commands that wait for the first map. */
  readonly #waiting: WaitingCommands
  /** Commands that wait for the next map, since their node no longer is the one to ask. */
  readonly #displaced: WaitingCommands
  readonly #reader: TopologyReader
  readonly #states = new StateHistory()
  #topology: Topology | undefined
  /** By slot. */
  #owners: Array<ClusterNode | undefined> = []
  /** True if redirections have changed owners since the map was taken over. */
  #isAmended = false
  /** The failure of every command while there is no map. */
  #refusal: DriverFailure = ReplyError.unknownTopology()
  #closed = false

  constructor(options: ClusterOptions) {
    this.#options = options
    this.#nodes = new ClusterNodes({ ...options, report: (event, address) => this.#happened(event, address) })
    this.#waiting = new WaitingCommands({ ...options, onClosed: () => this.#stateChanged() })
    this.#displaced = new WaitingCommands({ ...options, onClosed: () => {} })
    this.#reader = new TopologyReader({
      rootNodes: options.rootNodes,
      refreshInterval: options.topologyRefreshInterval,
      timeout: options.connectTimeout,
      current: () => this.#topology,
      connectionTo: (node) => this.#nodes.at(node).connection,
      toNode: (announced, teller) => this.#reachable(announced, teller),
      isWhole: () => this.#isWhole(),
      // The others correct it a moment later.
      onFirst: (topology) => {
        this.#apply(topology)
        this.#waiting.send()
      },
      onRead: (result) => this.#read(result)
    })
  }

  /** Starts to read the map of slots. Commands wait for this first reading, each within its own deadline. */
  start(): void {
    this.#waiting.open()
    this.#reader.start()
  }

  /** Derived from the map of slots and the connections that every command goes by. */
  get state(): RedisState {
    const nodes = Object.fromEntries(Array.from(this.#nodes, ({ address, connection }) => [address, connection.state]))
    return { ...this.#states.of(this.#condition(nodes)), nodes }
  }

  #condition(nodes: RedisState["nodes"]): Condition {
    if (this.#closed) return ReplyError.closed()
    if (this.#waiting.isOpen) return "Connecting"
    if (this.#topology === undefined) return worstOf(Object.values(nodes)) ?? this.#refusal
    const { isCovered, masters } = this.#topology
    return conditionOf(
      masters.map((master) => nodes[addressOf(master)]),
      isCovered
    )
  }

  #stateChanged(): void {
    this.#options.report({ _tag: "StateChanged" })
  }

  of(key: RedisKey): CommandSender {
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

  readonly masters: Effect.Effect<ReadonlyArray<CommandSender>, DriverFailure> = Effect.suspend(() => {
    if (this.#waiting.isOpen) return this.#onceKnown(() => this.masters)
    if (this.#topology === undefined) return Effect.fail(this.#refusal)
    return Effect.succeed(
      this.#topology.masters.map((master): CommandSender => {
        const node = this.#nodes.at(master)
        return {
          send: (command, until) =>
            Effect.suspend(() => {
              const deadline = until ?? this.deadline()
              return this.#ask(node, { slot: master.slot, command, deadline, redirections: 0 })
            })
        }
      })
    )
  })

  /** Closes every connection at once. */
  async close(): Promise<void> {
    this.#closed = true
    this.#reader.close()
    this.#waiting.fail(ReplyError.closed())
    this.#displaced.fail(ReplyError.closed())
    await this.#nodes.close()
  }

  #send<A>(slot: number, command: Command<A>, until?: number): Effect.Effect<A, DriverFailure> {
    return Effect.suspend(() =>
      this.#waiting.isOpen
        ? this.#onceKnown((deadline) => this.#send(slot, command, deadline), until)
        : this.#askOwner({ slot, command, deadline: until ?? this.deadline(), redirections: 0 })
    )
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

  #askOwner<A>(routed: Routed<A>): Effect.Effect<A, DriverFailure> {
    const owner = this.#owners[routed.slot]
    if (owner !== undefined) return this.#ask(owner, routed)
    if (this.#topology === undefined) return Effect.fail(this.#refusal)
    this.#reader.hint()
    const failure = ReplyError.uncoveredSlots()
    return this.#askSuccessor(failure, undefined, routed) ?? Effect.fail(failure)
  }

  #ask<A>(node: ClusterNode, routed: Routed<A>): Effect.Effect<A, DriverFailure> {
    return Effect.catch(
      node.connection.send(routed.command, routed.deadline),
      (failure) => this.#again(failure, node, routed) ?? Effect.fail(failure)
    )
  }

  /** Sends again what the node has not carried out, to the node that will, or to the same one later. */
  #again<A>(
    failure: DriverFailure,
    asked: ClusterNode,
    routed: Routed<A>
  ): Effect.Effect<A, DriverFailure> | undefined {
    const { command, deadline } = routed
    const isLost = asked.connection.outage !== undefined
    if (isLost || isOfOldMap(failure)) this.#reader.hint()
    if (this.#closed || command.isBound === true || deadline - performance.now() < lastMoment) return undefined
    if (failure instanceof ReplyError.Redirection) return this.#redirect(failure, asked, routed)
    if (failure.serverCode === "TRYAGAIN") return pause(tryAgainInterval, () => this.#askOwner(routed))
    if (isOfOldMap(failure)) return this.#askSuccessor(failure, asked, routed)
    const mayRepeat = failure.outcome === "NotExecuted" || writtenKeys(command).length === 0
    return isLost && mayRepeat ? this.#askSuccessor(failure, asked, routed, isLost) : undefined
  }

  /** Follows a redirection: at once the first time, and then with growing pauses, since nodes may redirect in a circle. */
  #redirect<A>(
    redirection: ReplyError.Redirection,
    asked: ClusterNode,
    { command, deadline, redirections, slot }: Routed<A>
  ): Effect.Effect<A, DriverFailure> {
    const target = this.#nodes.at(this.#reachable(redirection, asked))
    const isMoved = redirection.serverCode === "MOVED"
    if (isMoved) {
      // In place: a failover moves thousands of slots, and each command in flight tells of one.
      this.#owners[slot] = target
      this.#isAmended = true
      this.#reader.hint()
    }
    if (redirections === maxRedirections) return Effect.fail(ReplyError.redirectedTooOften(redirection))
    const routed = { slot, command: { ...command, asking: !isMoved }, deadline, redirections: redirections + 1 }
    const next = () => (isMoved ? this.#askOwner(routed) : this.#ask(target, routed))
    return redirections === 0 ? next() : pause(redirectionPause * 2 ** (redirections - 1), next)
  }

  /**
   * Asks the slot's owner in place of a node that no longer is the one to ask. Where that is not known yet, waits for the
   * next reading of the map: behind the loss of a connection for as long as it is being replaced, else for one reading.
   */
  #askSuccessor<A>(
    failure: DriverFailure,
    asked: ClusterNode | undefined,
    routed: Routed<A>,
    isLost = false
  ): Effect.Effect<A, DriverFailure> | undefined {
    if (routed.redirections === maxRedirections) return undefined
    const known = this.#successor(asked, routed, isLost)
    if (known !== undefined) return known
    if (!(isLost ? asked?.connection.isBeingReplaced : this.#reader.isSoon)) return undefined
    return Effect.callback<A, DriverFailure>((resume) => {
      if (!this.#displaced.isOpen) this.#displaced.open()
      return this.#displaced.add(
        () => {
          resume(this.#askSuccessor(failure, asked, routed, isLost) ?? Effect.fail(failure))
          return undefined
        },
        () => resume(Effect.fail(failure)),
        routed.deadline
      )
    })
  }

  /** Asks another node that has the slot by now, or the same one, if its connection was lost and is no longer. */
  #successor<A>(
    asked: ClusterNode | undefined,
    routed: Routed<A>,
    isLost: boolean
  ): Effect.Effect<A, DriverFailure> | undefined {
    const owner = this.#owners[routed.slot]
    if (owner === undefined) return undefined
    if (owner === asked && !(isLost && owner.connection.outage === undefined)) return undefined
    return this.#ask(owner, { ...routed, redirections: routed.redirections + 1 })
  }

  /** A node is reached where its address is mapped to; without a host it is on the host of the node that told of it. */
  #reachable({ host, port }: Node, teller: Node): Node {
    return this.#options.mapAddress({ host: host === "" ? teller.host : host, port })
  }

  #happened(event: ConnectionEvent, address: string): void {
    this.#options.report(event)
    if (event._tag === "NotReady" && this.#topology?.nodes.has(address) === true) this.#reader.hint()
    if (event._tag === "ReadyAgain") {
      this.#reader.expedite()
      this.#displaced.send()
    }
  }

  /** Takes over what was read, if it is news, and lets commands go on that waited for it. */
  #read(result: Topology | DriverFailure): void {
    if ("digest" in result) {
      if (this.#isNews(result)) this.#apply(result)
      this.#nodes.leaveOthers(result, this.#isWhole())
      this.#stateChanged()
    } else this.#refusal = result
    if (this.#topology === undefined) this.#waiting.fail(this.#refusal)
    else this.#displaced.send()
  }

  #isNews({ digest, nodes }: Topology): boolean {
    const known = this.#topology
    return (
      known === undefined ||
      this.#isAmended ||
      known.digest !== digest ||
      known.nodes.size !== nodes.size ||
      [...nodes.keys()].some((address) => !known.nodes.has(address))
    )
  }

  #apply(topology: Topology): void {
    this.#topology = topology
    this.#isAmended = false
    this.#owners = Array.from({ length: slots })
    for (const { first, last, master } of topology.ranges) this.#owners.fill(this.#nodes.at(master), first, last + 1)
    for (const node of topology.nodes.values()) this.#nodes.at(node)
  }

  /** True if every slot has an owner, and none of them an outage. */
  #isWhole(): boolean {
    const topology = this.#topology
    return (
      topology?.isCovered === true &&
      topology.masters.every((master) => this.#nodes.at(master).connection.outage === undefined)
    )
  }
}

/** True if the node that answered so is not, or not yet, the one to ask. */
const isOfOldMap = ({ serverCode }: DriverFailure): boolean =>
  serverCode === "CLUSTERDOWN" || serverCode === "READONLY" || serverCode === "LOADING" || serverCode === "MASTERDOWN"

/** Waits in real time, whatever the caller's `Clock`: it is the cluster's, too. */
const pause = <A, E>(millis: number, next: () => Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.andThen(
    Effect.callback<void>((resume) => {
      const timer = setTimeout(() => resume(Exit.void), millis)
      return Effect.sync(() => clearTimeout(timer))
    }),
    Effect.suspend(next)
  )
