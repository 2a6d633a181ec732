/**
 * A Redis Cluster: the way of a command to the node that owns its slot.
 *
 * A command that its node did not carry out goes to the slot's new owner. So a planned failover costs a moment, a dead or
 * frozen master is left as soon as the cluster has another one, and the other shards never notice.
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
import { slotOf } from "./Slot.ts"
import { SlotOwners } from "./SlotOwners.ts"
import { addressOf, type Node, type Topology } from "./Topology.ts"
import { TopologyReader } from "./TopologyReader.ts"

/** Which cluster, and how to connect to its nodes. Times are in milliseconds. */
export interface ClusterOptions extends Omit<ClusterNodesOptions, "report"> {
  /** Maps an announced address to the one to connect to. */
  readonly mapAddress: (announced: Node) => Node
  /** The time of a command, redirections included. */
  readonly commandTimeout: number
  /** The time to make a connection, and the time of a node to return the map of slots. */
  readonly connectTimeout: number
  /** The time between two readings of the map of slots while nothing hints at a change. */
  readonly topologyRefreshInterval: number
  /** The most commands that wait for the map of slots, and the most that wait for the successor of a node. */
  readonly maxPending: number
  readonly report: (event: ConnectionEvent) => void
}

/** The pause before a command goes again to a node that is taking over its keys, in milliseconds. */
const tryAgainInterval = 10

/** The time before a deadline in which nothing is sent again, in milliseconds. */
const lastMoment = 5

/** The most nodes that a command goes to behind the first one. */
const maxRedirections = 5

/** The pause before the second redirection of a command, doubled before each further one, in milliseconds. */
const redirectionPause = 10

/** A command on its way through the cluster. */
interface Routed<A> {
  readonly slot: number
  readonly command: Command<A>
  readonly deadline: number
  /** The number of nodes that did not carry it out. */
  readonly redirections: number
}

/** A cluster and its connections, until it is closed. */
export class Cluster implements Router {
  readonly #options: ClusterOptions
  readonly #nodes: ClusterNodes
  /** Commands that wait for the first map. */
  readonly #waiting: WaitingCommands
  /** Commands that wait for the next map, since their node does not own their slot any more. */
  readonly #displaced: WaitingCommands
  readonly #reader: TopologyReader
  readonly #states = new StateHistory()
  readonly #owners: SlotOwners
  /** The failure of every command while there is no map. */
  #refusal: DriverFailure = ReplyError.noTopology()
  #closed = false

  constructor(options: ClusterOptions) {
    this.#options = options
    this.#nodes = new ClusterNodes({ ...options, report: (event, address) => this.#happened(event, address) })
    this.#owners = new SlotOwners(this.#nodes)
    this.#waiting = new WaitingCommands({ ...options, onClosed: () => this.#stateChanged() })
    this.#displaced = new WaitingCommands({ ...options, onClosed: () => {} })
    this.#reader = new TopologyReader({
      rootNodes: options.rootNodes,
      refreshInterval: options.topologyRefreshInterval,
      timeout: options.connectTimeout,
      current: () => this.#owners.topology,
      connectionTo: (node) => this.#nodes.at(node).connection,
      toNode: (announced, teller) => this.#reachable(announced, teller),
      isWhole: () => this.#owners.isWhole,
      // Other nodes correct it a moment later.
      onFirst: (topology) => {
        this.#owners.apply(topology)
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

  /** Derived from the map of slots and the connections, as every command meets them. */
  get state(): RedisState {
    const nodes = Object.fromEntries(Array.from(this.#nodes, ({ address, connection }) => [address, connection.state]))
    return { ...this.#states.of(this.#condition(nodes)), nodes }
  }

  #condition(nodes: RedisState["nodes"]): Condition {
    if (this.#closed) return ReplyError.closed()
    if (this.#waiting.isOpen) return "Connecting"
    const { topology } = this.#owners
    if (topology === undefined) return worstOf(Object.values(nodes)) ?? this.#refusal
    const { isCovered, masters } = topology
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
    return Array.from(Map.groupBy(items, (item) => slotOf(keyOf(item))).values())
  }

  deadline(): number {
    return performance.now() + this.#options.commandTimeout
  }

  readonly masters: Effect.Effect<ReadonlyArray<CommandSender>, DriverFailure> = Effect.suspend(() => {
    if (this.#waiting.isOpen) return this.#onceKnown(() => this.masters)
    const { topology } = this.#owners
    if (topology === undefined) return Effect.fail(this.#refusal)
    return Effect.succeed(
      topology.masters.map((master): CommandSender => {
        const node = this.#nodes.at(master)
        return {
          send: (command, until) =>
            Effect.suspend(() => {
              const deadline = until ?? this.deadline()
              return this.#sendTo(node, { slot: master.slot, command, deadline, redirections: 0 })
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
        : this.#sendToOwner({ slot, command, deadline: until ?? this.deadline(), redirections: 0 })
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

  #sendToOwner<A>(routed: Routed<A>): Effect.Effect<A, DriverFailure> {
    const owner = this.#owners.of(routed.slot)
    if (owner !== undefined) return this.#sendTo(owner, routed)
    if (this.#owners.topology === undefined) return Effect.fail(this.#refusal)
    this.#reader.hint()
    const failure = ReplyError.uncoveredSlots()
    return this.#sendToSuccessor(failure, undefined, routed) ?? Effect.fail(failure)
  }

  #sendTo<A>(node: ClusterNode, routed: Routed<A>): Effect.Effect<A, DriverFailure> {
    return Effect.catch(
      node.connection.send(routed.command, routed.deadline),
      (failure) => this.#retry(failure, node, routed) ?? Effect.fail(failure)
    )
  }

  /** Retries a command that the node did not carry out, on the slot's new owner, or on the same node later. */
  #retry<A>(failure: DriverFailure, last: ClusterNode, routed: Routed<A>): Effect.Effect<A, DriverFailure> | undefined {
    const { command, deadline } = routed
    const isLost = last.connection.outage !== undefined
    if (isLost || isOfOldMap(failure)) this.#reader.hint()
    if (this.#closed || command.isBound === true || deadline - performance.now() < lastMoment) return undefined
    if (failure instanceof ReplyError.Redirection) return this.#redirect(failure, last, routed)
    // Sends a command again while its keys move to a node without a name.
    if (failure.serverCode === "TRYAGAIN" || failure.serverCode === "ASK")
      return pauseWithin(deadline, tryAgainInterval, () => this.#sendToOwner(routed))
    if (isOfOldMap(failure)) return this.#sendToSuccessor(failure, last, routed)
    const mayRepeat = failure.outcome === "NotExecuted" || writtenKeys(command).length === 0
    return isLost && mayRepeat ? this.#sendToSuccessor(failure, last, routed, isLost) : undefined
  }

  /** Follows a redirection: the first one at once, others with growing pauses, since nodes may redirect in a circle. */
  #redirect<A>(
    redirection: ReplyError.Redirection,
    last: ClusterNode,
    { command, deadline, redirections, slot }: Routed<A>
  ): Effect.Effect<A, DriverFailure> | undefined {
    const target = this.#nodes.at(this.#reachable(redirection, last))
    const isMoved = redirection.serverCode === "MOVED"
    if (isMoved) {
      this.#owners.amend(slot, target)
      this.#reader.hint()
    }
    if (redirections === maxRedirections) return Effect.fail(ReplyError.redirectedTooOften(redirection))
    const routed = { slot, command: { ...command, asking: !isMoved }, deadline, redirections: redirections + 1 }
    const next = () => (isMoved ? this.#sendToOwner(routed) : this.#sendTo(target, routed))
    return redirections === 0 ? next() : pauseWithin(deadline, redirectionPause * 2 ** (redirections - 1), next)
  }

  /**
   * Sends to the slot's new owner. Until that is known, waits for the next reading of the map: behind the loss of a
   * connection for as long as it is being replaced, otherwise for one reading.
   */
  #sendToSuccessor<A>(
    failure: DriverFailure,
    last: ClusterNode | undefined,
    routed: Routed<A>,
    isLost = false
  ): Effect.Effect<A, DriverFailure> | undefined {
    if (routed.redirections === maxRedirections) return undefined
    const known = this.#successor(last, routed, isLost)
    if (known !== undefined) return known
    if (!(isLost ? last?.connection.isBeingReplaced : this.#reader.isSoon)) return undefined
    return Effect.callback<A, DriverFailure>((resume) => {
      if (!this.#displaced.isOpen) this.#displaced.open()
      return this.#displaced.add(
        () => {
          resume(this.#sendToSuccessor(failure, last, routed, isLost) ?? Effect.fail(failure))
          return undefined
        },
        () => resume(Effect.fail(failure)),
        routed.deadline
      )
    })
  }

  /** Sends to another node that owns the slot by now, or to the same one, if its connection was lost and is back. */
  #successor<A>(
    last: ClusterNode | undefined,
    routed: Routed<A>,
    isLost: boolean
  ): Effect.Effect<A, DriverFailure> | undefined {
    const owner = this.#owners.of(routed.slot)
    if (owner === undefined) return undefined
    if (owner === last && !(isLost && owner.connection.outage === undefined)) return undefined
    return this.#sendTo(owner, { ...routed, redirections: routed.redirections + 1 })
  }

  /** The address to connect to. A node that is announced without a host is on the host of the announcing node. */
  #reachable({ host, port }: Node, teller: Node): Node {
    return this.#options.mapAddress({ host: host === "" ? teller.host : host, port })
  }

  #happened(event: ConnectionEvent, address: string): void {
    this.#options.report(event)
    if (event._tag === "NotReady" && this.#owners.topology?.nodes.has(address) === true) this.#reader.hint()
    if (event._tag === "ReadyAgain") {
      this.#reader.expedite()
      this.#displaced.send()
    }
  }

  /** Takes over a map that was read, if it is news, and lets commands continue that waited for it. */
  #read(result: Topology | DriverFailure): void {
    if ("digest" in result) {
      if (this.#owners.isNews(result)) this.#owners.apply(result)
      this.#nodes.leaveOthers(result, this.#owners.isWhole)
      this.#stateChanged()
    } else this.#refusal = result
    if (this.#owners.topology === undefined) this.#waiting.fail(this.#refusal)
    else this.#displaced.send()
  }
}

/** True if the failure says that the node does not own the slot, or not yet. */
const isOfOldMap = ({ serverCode }: DriverFailure): boolean =>
  serverCode === "CLUSTERDOWN" ||
  serverCode === "READONLY" ||
  serverCode === "LOADING" ||
  serverCode === "MASTERDOWN" ||
  // To a node that has no name; only the map has its address.
  serverCode === "MOVED"

/** Continues behind a pause, undefined where that would leave no time until the deadline. */
const pauseWithin = <A, E>(
  deadline: number,
  millis: number,
  next: () => Effect.Effect<A, E>
): Effect.Effect<A, E> | undefined =>
  deadline - performance.now() < millis + lastMoment ? undefined : pause(millis, next)

/** Waits in real time, whatever the caller's `Clock`: the cluster's time is real, too. */
const pause = <A, E>(millis: number, next: () => Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.andThen(
    Effect.callback<void>((resume) => {
      const timer = setTimeout(() => resume(Exit.void), millis)
      return Effect.sync(() => clearTimeout(timer))
    }),
    Effect.suspend(next)
  )
