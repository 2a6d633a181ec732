/**
 * When the map of a cluster is read, and from whom.
 *
 * One node tells the map from time to time, so that it is known before it is needed. Whatever says that the map is old is
 * a hint, behind which it is read from a node and from a root node. Readings behind hints keep a distance that grows for
 * as long as hints go on: their number depends neither on slots nor on callers.
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
  /** How long until the map is read though nothing hints at a change. */
  readonly refreshInterval: number
  /** By when a node has told the map. */
  readonly timeout: number
  /** The map in use, once there is one. */
  readonly current: () => Topology.Topology | undefined
  /** The connection to a node, made where there is none. */
  readonly connectionTo: (node: Topology.Node) => Connection
  /** Finds a node by the address that it announces to another. */
  readonly toNode: (announced: Topology.Node, teller: Topology.Node) => Topology.Node
  /** True if every slot has a master that can be reached. */
  readonly isWhole: () => boolean
  /** Given the first map that any node tells, while no map is in use. */
  readonly onFirst: (topology: Topology.Topology) => void
  /** Given the map that was read, or the failure of a reading without a result. */
  readonly onRead: (result: Topology.Topology | DriverFailure) => void
}

/** The distance of readings behind hints, in milliseconds: doubled from the first to the last, half of each at random. */
const firstDistance = 50
const lastDistance = 1_000

/** After how long without a reading behind a hint the distance begins anew, in milliseconds. */
const calm = 2_000

/** How long other nodes have behind the first one's map, in milliseconds. */
const patience = 200

/** A reading that begins within so many milliseconds is worth waiting for. */
const soon = 100

/** A root node is asked at each reading of this number, other nodes at the rest. */
const rootTurn = 6

/** Reads the map of a cluster until it is closed. */
export class TopologyReader {
  readonly #options: TopologyReaderOptions
  #timer: NodeJS.Timeout | undefined
  /** When the reading behind a hint is due that is planned, on `performance`'s clock. */
  #dueAt: number | undefined
  #isReading = false
  /** True if there was a hint during this reading, which may be older. */
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

  /** Something says that the map may be old. */
  hint(): void {
    if (this.#isReading) this.#isHinted = true
    else if (this.#dueAt === undefined && !this.#isClosed) this.#planHinted()
  }

  /** A node can be reached again, so that a reading that had to wait is worth its while now. */
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
    const answers = new Answers()
    await this.#ask(nodes, answers)
    if (!this.#agree(answers.told)) await this.#ask(this.#mastersOf(answers), answers)
    if (this.#isClosed) return
    this.#isReading = false
    const topology = Topology.mostConfirmed(answers.told)
    // Planned first: commands that go on waiting behind this reading wait for the next one.
    if (topology === undefined || this.#isHinted) this.#planHinted()
    this.#options.onRead(topology ?? answers.failure)
    if (this.#dueAt !== undefined || this.#isReading) return
    if (this.#options.isWhole()) this.#planPeriodic()
    else this.#planHinted()
  }

  /** True if every node tells the same map, which is in use already. */
  #agree(told: ReadonlyArray<Topology.Told>): boolean {
    const current = this.#options.current()
    return told.every(({ topology }) => topology.digest === current?.digest)
  }

  /** Masters of every map that was told, and of the one in use, that were not asked yet. */
  #mastersOf({ asked, told }: Answers): ReadonlyArray<Topology.Node> {
    const current = this.#options.current()
    const maps = [...told.map(({ topology }) => topology), ...(current === undefined ? [] : [current])]
    const nodes = new Map<string, Topology.Node>()
    for (const { masters } of new Map(maps.map((map) => [map.digest, map])).values()) {
      for (const master of shuffled(masters).slice(0, Topology.mastersAsked)) {
        if (!asked.has(Topology.addressOf(master))) nodes.set(Topology.addressOf(master), master)
      }
    }
    return [...nodes.values()]
  }

  /** Asks nodes for the map, and waits for all of them, or a while behind the first one's. */
  #ask(nodes: ReadonlyArray<Topology.Node>, answers: Answers): Promise<void> {
    const { connectionTo, rootNodes, timeout, toNode } = this.#options
    return new Promise((resolve) => {
      let left = nodes.length
      if (left === 0) resolve()
      let patienceTimer: NodeJS.Timeout | undefined
      const deadline = performance.now() + timeout
      for (const node of nodes) {
        const by = Topology.addressOf(node)
        answers.asked.add(by)
        connectionTo(node).submit(
          askSlots,
          (ranges) => {
            left--
            if (ranges instanceof DriverFailure) answers.failures.push(ranges)
            else {
              const topology = Topology.make(ranges, (announced) => toNode(announced, node))
              const isRoot = rootNodes.some((root) => Topology.addressOf(root) === by)
              if (topology.masters.length > 0) {
                answers.told.push({ by, isRoot, topology })
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
class Answers {
  readonly asked = new Set<string>()
  readonly told: Array<Topology.Told> = []
  readonly failures: Array<DriverFailure> = []

  /** The failure of a reading without a map: a refusal says more than a silence. */
  get failure(): DriverFailure {
    return this.failures.find(({ reason }) => reason instanceof AccessDenied) ?? ReplyError.unknownTopology()
  }
}

const askSlots: Command<ReadonlyArray<Reply.SlotRange>> = {
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
