/**
 * Reads the map of a cluster, often enough to know it before it is needed.
 *
 * Reads it from one node from time to time, and behind each hint that the map is old from a node and a root node. The
 * distance of readings behind hints grows while hints go on, so that their number depends neither on slots nor on callers.
 *
 * @internal
 */
import { AccessDenied, DriverFailure } from "@hexcache/cache-port"
import type { Command } from "../commands/Command.ts"
import * as Reply from "../commands/Reply.ts"
import * as ReplyError from "../commands/ReplyError.ts"
import type { Connection } from "../connection/Connection.ts"
import { clearTimeout, performance, random, setTimeout } from "../platform/Platform.ts"
import * as Topology from "./Topology.ts"

/** The parts of a cluster that a reader uses. Times are in milliseconds. */
export interface TopologyReaderOptions {
  readonly rootNodes: ReadonlyArray<Topology.Node>
  /** The time between two readings while nothing hints at a change. */
  readonly refreshInterval: number
  /** The time of a node to return the map. */
  readonly timeout: number
  /** Returns the map in use, once there is one. */
  readonly current: () => Topology.Topology | undefined
  /** Returns the connection to a node, made where there is none. */
  readonly connectionTo: (node: Topology.Node) => Connection
  /** Finds a node by the address that it announces to another. */
  readonly toNode: (announced: Topology.Node, teller: Topology.Node) => Topology.Node
  /** Returns true if every slot has a master that can be reached. */
  readonly isWhole: () => boolean
  /** Takes the first map that any node returns, while no map is in use. */
  readonly onFirst: (topology: Topology.Topology) => void
  /** Takes the map that was read, or the failure of a reading without a result. */
  readonly onRead: (result: Topology.Topology | DriverFailure) => void
}

/** The distance of readings behind hints, in milliseconds: doubled from the first to the last, half of each at random. */
const firstDistance = 50
const lastDistance = 1_000

/** The time without a reading behind a hint after which the distance begins anew, in milliseconds. */
const calm = 2_000

/** The time that other nodes have behind the first map, in milliseconds. */
const patience = 200

/** The time within which a reading is worth waiting for, in milliseconds. */
const soon = 100

/** Every reading of this number goes to a root node, the others to any node. */
const rootTurn = 6

/** Reads the map of a cluster until it is closed. */
export class TopologyReader {
  readonly #options: TopologyReaderOptions
  #timer: NodeJS.Timeout | undefined
  /** The time of the planned reading behind a hint, on `performance`'s clock. */
  #dueAt: number | undefined
  #isReading = false
  /** True if a hint has come during this reading, whose map may be older. */
  #isHinted = false
  #hintedAt = Number.NEGATIVE_INFINITY
  #distance = 0
  #readings = 0
  #isClosed = false

  constructor(options: TopologyReaderOptions) {
    this.#options = options
  }

  /** Reads the map from the root nodes. */
  start(): void {
    void this.#read(this.#options.rootNodes)
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  /** True if a reading is under way, or about to begin. */
  get isSoon(): boolean {
    return this.#isReading || (this.#dueAt !== undefined && this.#dueAt - performance.now() <= soon)
  }

  /** Plans a reading: the map may be old. */
  hint(): void {
    if (this.#isReading) this.#isHinted = true
    else if (this.#dueAt === undefined && !this.#isClosed) this.#planHinted()
  }

  /** Reads without the distance: a node can be reached again. */
  expedite(): void {
    this.#distance = 0
    this.#dueAt = undefined
    this.hint()
  }

  #planHinted(): void {
    const now = performance.now()
    if (now - this.#hintedAt > calm) this.#distance = 0
    this.#dueAt = Math.max(now, this.#hintedAt + this.#distance * (0.5 + random() / 2))
    this.#plan(this.#dueAt - now, () => {
      this.#dueAt = undefined
      this.#hintedAt = performance.now()
      this.#distance = Math.min(Math.max(this.#distance * 2, firstDistance), lastDistance)
      return this.#options.current() === undefined ? this.#options.rootNodes : this.#someNodes()
    })
  }

  #planPeriodic(): void {
    this.#plan(this.#options.refreshInterval * (0.75 + random() / 2), () =>
      this.#readings % rootTurn === 0 ? anyOf(this.#options.rootNodes) : this.#anyReady()
    )
  }

  #plan(millis: number, nodes: () => ReadonlyArray<Topology.Node>): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#read(nodes()), millis)
  }

  /** A root node, and another node. */
  #someNodes(): ReadonlyArray<Topology.Node> {
    const [root] = anyOf(this.#options.rootNodes)
    return root === undefined ? this.#anyReady() : [root, ...this.#anyReady(root)]
  }

  #anyReady(besides?: Topology.Node): ReadonlyArray<Topology.Node> {
    const nodes = [...(this.#options.current()?.nodes.values() ?? [])]
    return anyOf(
      nodes.filter(
        (node) =>
          (besides === undefined || Topology.addressOf(node) !== Topology.addressOf(besides)) &&
          this.#options.connectionTo(node).isReady
      )
    )
  }

  async #read(nodes: ReadonlyArray<Topology.Node>): Promise<void> {
    this.#isReading = true
    this.#isHinted = false
    this.#readings++
    const replies = new MapReplies()
    await this.#query(nodes, replies)
    if (!this.#agree(replies.told)) await this.#query(this.#mastersOf(replies), replies)
    if (this.#isClosed) return
    this.#isReading = false
    const topology = Topology.mostConfirmed(replies.told)
    // Planned first: commands that go on waiting behind this reading wait for the next one.
    if (topology === undefined || this.#isHinted) this.#planHinted()
    this.#options.onRead(topology ?? replies.failure)
    if (this.#dueAt !== undefined || this.#isReading) return
    if (this.#options.isWhole()) this.#planPeriodic()
    else this.#planHinted()
  }

  /** True if every node has returned the map that is in use. */
  #agree(told: ReadonlyArray<Topology.Told>): boolean {
    const current = this.#options.current()
    return told.every(({ topology }) => topology.digest === current?.digest)
  }

  /** Masters of every returned map, and of the one in use, that no query went to yet. */
  #mastersOf({ queried, told }: MapReplies): ReadonlyArray<Topology.Node> {
    const current = this.#options.current()
    const maps = [...told.map(({ topology }) => topology), ...(current === undefined ? [] : [current])]
    const nodes = new Map<string, Topology.Node>()
    for (const { masters } of new Map(maps.map((map) => [map.digest, map])).values()) {
      for (const master of shuffled(masters).slice(0, Topology.mastersAsked)) {
        if (!queried.has(Topology.addressOf(master))) nodes.set(Topology.addressOf(master), master)
      }
    }
    return [...nodes.values()]
  }

  /** Queries nodes for the map, and waits for all of them, or a while behind the first map. */
  #query(nodes: ReadonlyArray<Topology.Node>, replies: MapReplies): Promise<void> {
    const { connectionTo, rootNodes, timeout, toNode } = this.#options
    return new Promise((resolve) => {
      let left = nodes.length
      if (left === 0) resolve()
      let patienceTimer: NodeJS.Timeout | undefined
      const deadline = performance.now() + timeout
      for (const node of nodes) {
        const by = Topology.addressOf(node)
        replies.queried.add(by)
        connectionTo(node).submit(
          clusterSlots,
          (ranges) => {
            left--
            if (ranges instanceof DriverFailure) replies.failures.push(ranges)
            else {
              const topology = Topology.make(ranges, (announced) => toNode(announced, node))
              const isRoot = rootNodes.some((root) => Topology.addressOf(root) === by)
              if (topology.masters.length > 0) {
                replies.told.push({ by, isRoot, topology })
                if (this.#options.current() === undefined && !this.#isClosed) this.#options.onFirst(topology)
                patienceTimer ??= setTimeout(resolve, patience)
              }
            }
            if (left > 0) return
            clearTimeout(patienceTimer)
            resolve()
          },
          deadline
        )
      }
    })
  }
}

/** The replies of the nodes in one reading. */
class MapReplies {
  readonly queried = new Set<string>()
  readonly told: Array<Topology.Told> = []
  readonly failures: Array<DriverFailure> = []

  /** The failure of a reading without a map: a refusal says more than a silence. */
  get failure(): DriverFailure {
    const denied = this.failures.find(({ reason }) => reason instanceof AccessDenied)
    return denied ?? this.failures.find(({ serverCode }) => serverCode !== undefined) ?? ReplyError.noTopology()
  }
}

const clusterSlots: Command<ReadonlyArray<Reply.SlotRange>> = {
  args: ["CLUSTER", "SLOTS"],
  decode: Reply.slotRanges,
  isRead: true
}

const shuffled = <A>(items: ReadonlyArray<A>): ReadonlyArray<A> =>
  items
    .map((item) => ({ item, order: random() }))
    .toSorted((one, other) => one.order - other.order)
    .map(({ item }) => item)

/** One of them at random, if there are any. */
const anyOf = <A>(items: ReadonlyArray<A>): ReadonlyArray<A> =>
  items.length === 0 ? [] : [items[Math.floor(random() * items.length)] as A]
