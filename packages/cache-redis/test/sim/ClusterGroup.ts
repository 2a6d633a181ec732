/** A simulated cluster: three shards of a master and its replica, each node with a map of slots of its own. */
import { slotOf, slots } from "../../src/topology/Slot.ts"
import type { Client } from "./Client.ts"
import type { Fault } from "./faults.ts"
import type { Keyspace } from "./Keyspace.ts"
import { Failure, type Reply } from "./Resp.ts"
import { Server } from "./Server.ts"
import type { TopologyOptions } from "./topologies.ts"

/** How long a write is on its way to the replica on a fine day, in milliseconds. */
const usualLag = 2

/** How long behind a move of a slot an answer may be from the time before, in milliseconds. */
const movedFor = 1_000

/** How long a master is away when the others agree that it is down, in milliseconds. */
const downAfter = 1_000

const shards = 3

const keyless = new Set(["SCAN", "FLUSHDB", "PING", "ECHO", "HELLO", "AUTH", "CLIENT", "SELECT", "SCRIPT", "CLUSTER"])

class Node extends Server {
  readonly group: ClusterGroup
  readonly shard: number
  /** The masters of the shards, as far as this node knows. */
  map: ReadonlyArray<Node> = []
  isDown = false

  constructor(options: TopologyOptions, address: string, group: ClusterGroup, shard: number) {
    super(options.network, address)
    this.group = group
    this.shard = shard
  }

  override redirect(client: Client, name: string, args: ReadonlyArray<string>): Reply {
    const isAsking = client.isAsking
    client.isAsking = name === "ASKING"
    if (keyless.has(name) || name === "ASKING") return undefined
    const keys = keysOf(name, args)
    const [key = ""] = keys
    if (this.isDown) return new Failure("CLUSTERDOWN The cluster is down")
    const slot = this.group.slotOf(key)
    const home = this.map[this.group.shardOf(slot)] as Node
    const moving = this.group.moving
    if (moving?.slot === slot) {
      const missing = keys.filter((each) => this.keyspace.get(each) === undefined).length
      if (this === moving.from && home === this && missing > 0) {
        return new Failure(missing === keys.length ? `ASK ${slot} ${moving.to.address}` : tryAgain)
      }
      if (this === moving.to && isAsking) return missing > 0 && keys.length > 1 ? new Failure(tryAgain) : undefined
    }
    return home === this ? undefined : new Failure(`MOVED ${slot} ${home.address}`)
  }

  override command(client: Client, name: string, args: ReadonlyArray<string>): Reply {
    if (name !== "CLUSTER") return super.command(client, name, args)
    return this.map.flatMap((master, shard) =>
      this.group.rangesOf(shard).map(([first, last]): Reply => {
        const replicas = this.group.nodes.filter((node) => node.shard === master.shard && node !== master)
        return [first, last, ...[master, ...replicas].map(({ address }): Reply => announced(address))]
      })
    )
  }
}

const tryAgain = "TRYAGAIN Multiple keys request during rehashing of slot"

const keysOf = (name: string, args: ReadonlyArray<string>): ReadonlyArray<string> => {
  switch (name) {
    case "MGET":
    case "UNLINK":
      return args.slice(1)
    case "MSET":
      return args.filter((_, index) => index % 2 === 1)
    case "MSETEX":
      return args.slice(2, 2 + 2 * Number(args[1])).filter((_, index) => index % 2 === 0)
    case "EVAL":
    case "EVALSHA":
      return args.slice(3, 3 + Number(args[2]))
    default:
      return args.slice(1, 2)
  }
}

const announced = (address: string): Reply => {
  const [host = "", port] = address.split(":")
  return [host, Number(port), `id-of-${host}`]
}

export class ClusterGroup {
  readonly nodes: ReadonlyArray<Node>
  readonly faults: Readonly<Record<string, Fault>>
  /** A slot that is on its way from one shard to another. */
  moving: { readonly slot: number; readonly from: Node; readonly to: Node } | undefined
  readonly #options: TopologyOptions
  /** By slot. */
  readonly #shards = Array.from({ length: slots }, (_, slot) => Math.floor((slot * shards) / slots))
  /** When the last slot had moved. */
  #movedAt = Number.NEGATIVE_INFINITY
  /** By shard, until a slot moves. */
  readonly #ranges = new Map<number, ReadonlyArray<readonly [first: number, last: number]>>()
  readonly #slots = new Map<string, number>()
  readonly #busy = new Set<number>()
  #lag = usualLag

  constructor(options: TopologyOptions) {
    this.#options = options
    this.nodes = Array.from(
      { length: 2 * shards },
      (_, index) => new Node(options, `10.0.2.${index + 1}:7000`, this, index % shards)
    )
    const masters = this.nodes.slice(0, shards)
    for (const node of this.nodes) {
      node.isMaster = masters.includes(node)
      node.map = masters
      node.onWritten = (key) => this.#replicate(node, key)
    }
    this.faults = {
      "planned failover of a shard": ({ random }) => this.#failOver(random.below(shards), 0),
      "failover of a killed shard": async ({ random, sleep }, millis) => {
        const old = this.masters[random.below(shards)] as Node
        old.kill()
        await this.#failOver(old.shard, downAfter)
        await sleep(millis)
        old.restart()
      },
      "failover of a frozen shard": async ({ random, sleep }, millis) => {
        const old = this.masters[random.below(shards)] as Node
        old.freeze()
        await this.#failOver(old.shard, downAfter)
        await sleep(millis)
        old.thaw()
      },
      "failover that loses writes": async ({ random, sleep }, millis) => {
        this.#lag = 20 + random.below(400)
        await sleep(millis)
        const old = this.masters[random.below(shards)] as Node
        old.kill()
        await this.#failOver(old.shard, downAfter)
        this.#lag = usualLag
        old.restart()
      },
      CLUSTERDOWN: async ({ random, sleep }, millis) => {
        const down = this.nodes.filter(() => random.below(2) === 0)
        for (const node of down) node.isDown = true
        await sleep(millis)
        for (const node of down) node.isDown = false
      },
      "move of slots": async ({ random, sleep }) => {
        const keys = this.masters.flatMap(({ keyspace }) => keyspace.keys())
        for (let count = 1 + random.below(3); count > 0 && keys.length > 0; count--) {
          await this.#move(slotOf(keys[random.below(keys.length)] as string), random.below(shards), sleep)
        }
      }
    }
  }

  get masters(): ReadonlyArray<Node> {
    return this.nodes.filter(({ isMaster }) => isMaster).toSorted((one, other) => one.shard - other.shard)
  }

  /** The slot of a key, of which a simulation has few. */
  slotOf(key: string): number {
    const slot = this.#slots.get(key) ?? slotOf(key)
    this.#slots.set(key, slot)
    return slot
  }

  /** True if a slot is on its way, or was a moment ago. */
  get isMoving(): boolean {
    return this.moving !== undefined || this.#options.network.loop.now < this.#movedAt + movedFor
  }

  /** A key of each shard. */
  get probes(): ReadonlyArray<string> {
    const keys = Array.from({ length: 40 }, (_, number) => `probe-${number}`)
    return Array.from({ length: shards }, (_, shard) =>
      keys.find((key) => this.shardOf(this.slotOf(`sim:${key}`)) === shard)
    ).filter((key) => key !== undefined)
  }

  shardOf(slot: number): number {
    return this.#shards[slot] as number
  }

  /** The keyspaces that a read of a key may be from. */
  keyspacesOf(key: string, isWell: boolean): ReadonlyArray<Keyspace> {
    const shard = this.shardOf(this.slotOf(key))
    const hasMoved = this.isMoving
    // A master that was replaced serves reads until it hears of that, of keys too that it never had.
    const owners = this.nodes.filter(
      (node) =>
        (node.shard === shard && (node.isMaster || !isWell)) || ((!isWell || hasMoved) && node.keyspace.knows(key))
    )
    return owners.map(({ keyspace }) => keyspace)
  }

  /** The runs of consecutive slots of one shard. */
  rangesOf(shard: number): ReadonlyArray<readonly [first: number, last: number]> {
    const known = this.#ranges.get(shard)
    if (known !== undefined) return known
    const ranges: Array<readonly [number, number]> = []
    for (let slot = 0; slot < slots; slot++) {
      if (this.#shards[slot] !== shard) continue
      const first = slot
      while (this.#shards[slot + 1] === shard) slot++
      ranges.push([first, slot])
    }
    this.#ranges.set(shard, ranges)
    return ranges
  }

  #replicate(from: Node, key: string): void {
    const copy = () => {
      if (!from.isMaster) return
      for (const node of this.nodes) {
        if (node.shard === from.shard && node !== from) node.keyspace.copyKey(from.keyspace, key)
      }
    }
    this.#options.network.loop.arrive(this.#lag, copy, "elsewhere")
  }

  /** Makes the replica of a shard its master. The other nodes hear of it one after the other. */
  async #failOver(shard: number, after: number): Promise<void> {
    if (this.#busy.has(shard)) return
    this.#busy.add(shard)
    const { random, sleep } = this.#options
    await sleep(after)
    const old = this.masters.find((node) => node.shard === shard) as Node
    const next = this.nodes.find((node) => node.shard === shard && node !== old) as Node
    next.isMaster = true
    old.isMaster = false
    next.log.add(`${next.address} is promoted in the place of ${old.address}`)
    for (const node of [next, ...random.shuffled(this.nodes.filter((node) => node !== next))]) {
      node.map = node.map.map((master, place) => (place === shard ? next : master))
      if (node === old) old.keyspace.copy(next.keyspace)
      await sleep(random.below(100))
    }
    this.#busy.delete(shard)
  }

  /** Moves a slot to another shard, key by key, while both serve it. */
  async #move(slot: number, to: number, sleep: (millis: number) => Promise<void>): Promise<void> {
    const from = this.shardOf(slot)
    if (from === to || this.#busy.has(from) || this.#busy.has(to) || this.moving !== undefined) return
    this.#busy.add(from).add(to)
    const source = this.masters[from] as Node
    const target = this.masters[to] as Node
    this.moving = { slot, from: source, to: target }
    source.log.add(`slot ${slot} moves from ${source.address} to ${target.address}`)
    await sleep(50 + this.#options.random.below(500))
    for (const key of source.keyspace.keys()) {
      if (slotOf(key) !== slot) continue
      target.keyspace.copyKey(source.keyspace, key)
      source.keyspace.delete(key)
      await sleep(this.#options.random.below(200))
    }
    await sleep(this.#options.random.below(200))
    this.#shards[slot] = to
    this.#ranges.clear()
    this.moving = undefined
    this.#movedAt = this.#options.network.loop.now
    source.log.add(`slot ${slot} has moved`)
    this.#busy.delete(from)
    this.#busy.delete(to)
  }
}
