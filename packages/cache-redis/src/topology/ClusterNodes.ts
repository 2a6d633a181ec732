/**
 * The nodes of a cluster, and a connection to each, to replicas too: one that becomes a master can be asked at once.
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

/** For how long a node that can be reached is kept after it has left the map, in milliseconds. */
const lingering = 2_000

/** The nodes to which there are connections, until they are closed. */
export class ClusterNodes {
  readonly #options: ClusterNodesOptions
  readonly #nodes = new Map<string, ClusterNode>()
  /** Since when nodes are not on the map, on `performance`'s clock, by address. */
  readonly #leftAt = new Map<string, number>()
  #isClosed = false

  constructor(options: ClusterNodesOptions) {
    this.#options = options
  }

  [Symbol.iterator](): MapIterator<ClusterNode> {
    return this.#nodes.values()
  }

  /** The node of this address, to which a connection begins where there is none. */
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
   * Closes connections to nodes that are not on the map. A root node is found anew by its name each time, but one that
   * cannot be reached is waited for until the cluster is whole. Any other that can be reached is kept for a while: it may
   * have a scan to go on with, and a master that was replaced comes back as a replica.
   */
  leaveOthers(topology: Topology, isWhole: boolean): void {
    const now = performance.now()
    for (const { address, connection } of this.#nodes.values()) {
      if (topology.nodes.has(address)) {
        this.#leftAt.delete(address)
        continue
      }
      const leftAt = this.#leftAt.get(address) ?? now
      this.#leftAt.set(address, leftAt)
      const isRoot = this.#options.rootNodes.some((root) => addressOf(root) === address)
      const { isReady } = connection
      if (isRoot ? !isReady && !isWhole : isReady && now - leftAt < lingering) continue
      this.#nodes.delete(address)
      this.#leftAt.delete(address)
      void connection.close(ReplyError.leftCluster())
    }
  }

  /** Closes every connection at once. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(Array.from(this.#nodes.values(), ({ connection }) => connection.close()))
  }
}
