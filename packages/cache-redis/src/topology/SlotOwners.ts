/**
 * The node that owns each slot of a cluster.
 *
 * @internal
 */
import type { ClusterNode, ClusterNodes } from "./ClusterNodes.ts"
import { slots } from "./Slot.ts"
import type { Topology } from "./Topology.ts"

/** Owners by the last map of slots, and by the redirections since. */
export class SlotOwners {
  readonly #nodes: ClusterNodes
  #topology: Topology | undefined
  readonly #owners: Array<ClusterNode | undefined> = Array.from({ length: slots })
  /** True if redirections have changed owners since the map was taken over. */
  #isAmended = false

  constructor(nodes: ClusterNodes) {
    this.#nodes = nodes
  }

  /** The last map, once there is one. */
  get topology(): Topology | undefined {
    return this.#topology
  }

  /** True if every slot has an owner, and none of them an outage. */
  get isWhole(): boolean {
    const topology = this.#topology
    return (
      topology?.isCovered === true &&
      topology.masters.every((master) => this.#nodes.at(master).connection.outage === undefined)
    )
  }

  of(slot: number): ClusterNode | undefined {
    return this.#owners[slot]
  }

  /** Gives one slot to another node, in place: a failover redirects commands of thousands of slots one by one. */
  amend(slot: number, owner: ClusterNode): void {
    this.#owners[slot] = owner
    this.#isAmended = true
  }

  /** True if this map differs from the last one, or from what redirections have made of it. */
  isNews({ digest, nodes }: Topology): boolean {
    const known = this.#topology
    return (
      known === undefined ||
      this.#isAmended ||
      known.digest !== digest ||
      known.nodes.size !== nodes.size ||
      [...nodes.keys()].some((address) => !known.nodes.has(address))
    )
  }

  /**
   * Takes over a map, and connects to each of its nodes. A slot without a master stays with its last owner, which knows
   * better, or refuses, for as long as there is a connection to it.
   */
  apply(topology: Topology): void {
    this.#topology = topology
    this.#isAmended = false
    for (const { first, last, master } of topology.ranges) this.#owners.fill(this.#nodes.at(master), first, last + 1)
    for (const node of topology.nodes.values()) this.#nodes.at(node)
  }

  /** Leaves nodes that are not on the map, and takes their slots from them. */
  leaveOthers(topology: Topology): void {
    const left = this.#nodes.leaveOthers(topology, this.isWhole)
    if (left.length === 0) return
    for (const [slot, owner] of this.#owners.entries()) {
      if (owner !== undefined && left.includes(owner)) this.#owners[slot] = undefined
    }
  }
}
