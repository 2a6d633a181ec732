/**
 * The map of a cluster's slots, and the choice between different maps of its nodes.
 *
 * @internal
 */
import type { SlotRange } from "../commands/Reply.ts"
import { slots } from "./Slot.ts"

/** The address of a node. */
export interface Node {
  readonly host: string
  readonly port: number
}

export const addressOf = ({ host, port }: Node): string => `${host}:${port}`

/** A node with slots. */
export interface Master extends Node {
  /** One of its slots, which leads to its successor once it is replaced. */
  readonly slot: number
}

/** The node of each slot. */
export interface Topology {
  readonly ranges: ReadonlyArray<{ readonly first: number; readonly last: number; readonly master: Node }>
  readonly masters: ReadonlyArray<Master>
  /** By address, replicas too. */
  readonly nodes: ReadonlyMap<string, Node>
  /** True if every slot has a master. */
  readonly isCovered: boolean
  /** Equal if every slot has the same master, in whatever order a node returns them. */
  readonly digest: string
}

/** Reads a reply of CLUSTER SLOTS; `toNode` finds a node by the address that it announces. */
export const make = (ranges: ReadonlyArray<SlotRange>, toNode: (announced: Node) => Node): Topology => {
  const masters = new Map<string, Master>()
  const nodes = new Map<string, Node>()
  const owned: Array<Topology["ranges"][number]> = []
  let covered = 0
  for (const { first, last, nodes: announced } of ranges) {
    const [master, ...replicas] = announced.map(toNode)
    if (master === undefined) continue
    owned.push({ first, last, master })
    covered += last - first + 1
    if (!masters.has(addressOf(master))) masters.set(addressOf(master), { ...master, slot: first })
    for (const node of [master, ...replicas]) nodes.set(addressOf(node), node)
  }
  return {
    ranges: owned,
    masters: [...masters.values()],
    nodes,
    isCovered: covered === slots,
    digest: owned
      .map(({ first, last, master }) => `${first}-${last} ${addressOf(master)}`)
      .toSorted()
      .join()
  }
}

/** The map that one node has returned. */
export interface Told {
  /** The address of that node. */
  readonly by: string
  readonly isRoot: boolean
  readonly topology: Topology
}

/**
 * Chooses a map that covers every slot, since a node that does not know others yet returns a part; then the one that most
 * of its own masters confirm; among equals that of a root node, then that of most nodes. A node that was cut off or frozen
 * returns an old map, whose other masters do not confirm it, and so do nodes that were replaced together, until a root node
 * knows better.
 */
export const mostConfirmed = (told: ReadonlyArray<Told>): Topology | undefined => {
  const candidates = Map.groupBy(told, ({ topology }) => topology.digest)
  const [best] = Array.from(candidates.values(), toCandidate).toSorted(
    (one, other) =>
      Number(other.topology.isCovered) - Number(one.topology.isCovered) ||
      other.confirmed - one.confirmed ||
      Number(other.isOfRoot) - Number(one.isOfRoot) ||
      other.count - one.count
  )
  return best?.topology
}

const toCandidate = (told: ReadonlyArray<Told>) => {
  const [{ topology }] = told as readonly [Told, ...Array<Told>]
  const tellers = new Set(told.map(({ by }) => by))
  const confirming = topology.masters.filter((master) => tellers.has(addressOf(master))).length
  return {
    // One node may hold a replica for failed and another not: each replica is worth a connection.
    topology: { ...topology, nodes: new Map(told.flatMap(({ topology: { nodes } }) => [...nodes])) },
    confirmed: Math.min(1, confirming / Math.min(topology.masters.length, mastersAsked)),
    isOfRoot: told.some(({ isRoot }) => isRoot),
    count: tellers.size
  }
}

/** The most masters of a map that may confirm it. */
export const mastersAsked = 5
