/**
 * A Redis Cluster: its nodes, the map of its slots, and its state.
 *
 * @internal
 */
import type { DriverFailure } from "@hexcache/cache-port"
import { Effect } from "effect"
import type { Command, CommandSender, RedisKey } from "../commands/Command.ts"
import * as ReplyError from "../commands/ReplyError.ts"
import type { ConnectionEvent } from "../connection/Connection.ts"
import { type Condition, StateHistory } from "../connection/ConnectionState.ts"
import { WaitingCommands } from "../connection/WaitingCommands.ts"
import { performance } from "../platform/Platform.ts"
import { ClusterNodes, type ClusterNodesOptions } from "./ClusterNodes.ts"
import { conditionOf, worstOf } from "./ClusterState.ts"
import type { RedisState } from "./RedisStatus.ts"
import type { Router } from "./Router.ts"
import { slotOf } from "./Slot.ts"
import { SlotOwners } from "./SlotOwners.ts"
import { SlotSender } from "./SlotSender.ts"
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
  readonly #sender: SlotSender
  /** The failure of every command while there is no map. */
  #refusal: DriverFailure = ReplyError.noTopology()
  /** The refusal to return the map that was reported since it was read. */
  #reportedNoMap: string | undefined
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
    this.#sender = new SlotSender({
      nodes: this.#nodes,
      owners: this.#owners,
      reader: this.#reader,
      displaced: this.#displaced,
      reachable: (announced, teller) => this.#reachable(announced, teller),
      refusal: () => this.#refusal,
      isClosed: () => this.#closed
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
              return this.#sender.sendTo(node, { slot: master.slot, command, deadline, redirections: 0 })
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
        : this.#sender.sendToOwner({ slot, command, deadline: until ?? this.deadline(), redirections: 0 })
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

  /** Reports the refusal of a node that is connected. The connections report everything else. */
  #reportNoMap(failure: DriverFailure): void {
    const { message } = failure.reason
    if (failure.serverCode === undefined || message === this.#reportedNoMap) return
    if (Array.from(this.#nodes).some(({ connection }) => connection.outage?.reason.message === message)) return
    this.#reportedNoMap = message
    this.#options.report({ _tag: "NoMap", failure })
  }

  /** Takes over a map that was read, if it is news, and lets commands continue that waited for it. */
  #read(result: Topology | DriverFailure): void {
    if ("digest" in result) {
      if (this.#owners.isNews(result)) this.#owners.apply(result)
      this.#owners.leaveOthers(result)
      this.#stateChanged()
      this.#reportedNoMap = undefined
    } else {
      this.#refusal = result
      this.#reportNoMap(result)
    }
    if (this.#owners.topology === undefined) this.#waiting.fail(this.#refusal)
    else this.#displaced.send()
  }
}
