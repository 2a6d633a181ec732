/**
 * The nodes of a cluster, and a connection to each, replicas too: one that becomes a master is ready at once.
 *
 * @internal
 */

import * as ReplyError from "../commands/ReplyError.ts"
import { Connection, type ConnectionEvent, type ConnectionOptions } from "../connection/Connection.ts"
import { performance } from "../platform/Platform.ts"
import { addressOf, type Node, type Topology } from "./Topology.ts"

/** How to connect to nodes. */
export interface ClusterNodesOptions {
  /** Some nodes by which the others are found. */
  readonly rootNodes: ReadonlyArray<Node>
  /** How to connect to a node. */
  readonly connection: (node: Node) => Omit<ConnectionOptions, "report">
  readonly report: (event: ConnectionEvent, address: string) => void
}

/** A node, and the connection to it. */
export interface ClusterNode extends Node {
  readonly address: string
  readonly connection: Connection
}

/** The time for which a reachable node is kept after it has left the map, in milliseconds. */
const lingering = 2_000

/** The nodes to which there are connections, until they are closed. */
export class ClusterNodes {
  readonly #options: ClusterNodesOptions
  readonly #nodes = new Map<string, ClusterNode>()
  /** When nodes have left the map, by address, on `performance`'s clock. */
  readonly #leftAt = new Map<string, number>()
  #isClosed = false

  constructor(options: ClusterNodesOptions) {
    this.#options = options
  }

  [Symbol.iterator](): MapIterator<ClusterNode> {
    return this.#nodes.values()
  }

  /** The node of this address. Begins a connection to it where there is none. */
  at({ host, port }: Node): ClusterNode {
    const address = addressOf({ host, port })
    const known = this.#nodes.get(address)
    if (known !== undefined) return known
    const connection = new Connection({
      ...this.#options.connection({ host, port }),
      report: (event) => this.#options.report(event, address)
    })
    const node = { host, port, address, connection }
    this.#nodes.set(address, node)
    if (!this.#isClosed) connection.start()
    return node
  }

  /**
   * Closes connections to nodes that are not on the map, and returns those nodes. An unreachable root node stays until the cluster is whole. A
   * reachable node stays for a while: the map may be of a node that does not know it yet, a scan may continue there, and a
   * replaced master comes back as a replica.
   */
  leaveOthers(topology: Topology, isWhole: boolean): ReadonlyArray<ClusterNode> {
    const now = performance.now()
    const left: Array<ClusterNode> = []
    for (const node of this.#nodes.values()) {
      const { address, connection } = node
      if (topology.nodes.has(address)) {
        this.#leftAt.delete(address)
        continue
      }
      const leftAt = this.#leftAt.get(address) ?? now
      this.#leftAt.set(address, leftAt)
      const isRoot = this.#options.rootNodes.some((root) => addressOf(root) === address)
      const { isReady } = connection
      if (isReady ? now - leftAt < lingering : isRoot && !isWhole) continue
      this.#nodes.delete(address)
      this.#leftAt.delete(address)
      void connection.close(ReplyError.leftCluster())
      left.push(node)
    }
    return left
  }

  /** Closes every connection at once. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(Array.from(this.#nodes.values(), ({ connection }) => connection.close()))
  }
}
