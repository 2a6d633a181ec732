/** The servers of a simulated world, and what happens to them beside the faults of one. */
import type { CacheError, CachePort } from "@hexcache/cache-port"
import { CacheRedis, type RedisStatus } from "@hexcache/cache-redis"
import type { Layer } from "effect"
import type { Random } from "../storm/random.ts"
import { ClusterGroup } from "./ClusterGroup.ts"
import type { Fault } from "./faults.ts"
import type { Keyspace } from "./Keyspace.ts"
import type { Network } from "./Network.ts"
import { SentinelGroup } from "./Sentinels.ts"
import { Server, type WriteListener } from "./Server.ts"

/** Servers that the adapter finds in one way. */
export interface Topology {
  readonly layer: (
    options: Omit<CacheRedis.CacheRedisOptions, "url" | "host">
  ) => Layer.Layer<CachePort | RedisStatus, CacheError>
  /** Keys that tell if every server can be read and written. */
  readonly probes: ReadonlyArray<string>
  /** The server that takes writes now. */
  readonly master: Server
  /** Of the servers that a read may be from, where all is well, or is not. */
  readonly keyspaces: (isWell: boolean, key: string) => ReadonlyArray<Keyspace>
  /** True if all keys are on one server at a time: reads of several are of one moment, and in an outage nothing waits. */
  readonly isOneServer: boolean
  /** True if keys are moving between servers, so that some batches are refused again and again. */
  readonly isMoving?: () => boolean
  /** How long until every process knows of what has changed, in milliseconds. */
  readonly settleTime: number
  readonly faults: Readonly<Record<string, Fault>>
  /** Within this a success follows the end of every fault, in milliseconds. */
  readonly longestRecovery: number
  /** Connections of two processes at rest, and those that a server has not noticed to be gone, at most. */
  readonly mostConnections: number
}

/** The parts of a topology. */
export interface TopologyOptions {
  readonly network: Network
  readonly account: WriteListener
  readonly random: Random
  readonly sleep: (millis: number) => Promise<void>
}

export type TopologyName = "single" | "sentinel" | "cluster"

const server = ({ account, network }: TopologyOptions, address: string): Server => {
  const made = new Server(network, address)
  made.listener = account
  made.password = "secret"
  return made
}

const single = (options: TopologyOptions): Topology => {
  const master = server(options, "10.0.0.1:6379")
  return {
    layer: (options) => CacheRedis.layer({ ...options, host: "redis" }),
    probes: ["probe-0"],
    master,
    keyspaces: () => [master.keyspace],
    isOneServer: true,
    settleTime: 0,
    faults: {},
    // A handshake that hangs, and a pause.
    longestRecovery: 1_100,
    mostConnections: 12
  }
}

const sentinel = (options: TopologyOptions): Topology => {
  const servers = ["10.0.0.1:6379", "10.0.0.2:6379"].map((address) => server(options, address))
  const group = new SentinelGroup(options, servers)
  return {
    layer: (options) =>
      CacheRedis.layerSentinel({
        ...options,
        name: "group",
        sentinels: group.sentinels.map(({ address }) => {
          const [host = "", port] = address.split(":")
          return { host, port: Number(port) }
        })
      }),
    probes: ["probe-0"],
    get master() {
      return group.master
    },
    keyspaces: (isWell) => (isWell ? [group.master.keyspace] : servers.map(({ keyspace }) => keyspace)),
    isOneServer: true,
    // The adapter asks a sentinel that was away again after two seconds.
    settleTime: 3_000,
    faults: group.faults,
    longestRecovery: 1_300,
    mostConnections: 24
  }
}

const cluster = (options: TopologyOptions): Topology => {
  const group = new ClusterGroup(options)
  for (const node of group.nodes) Object.assign(node, { listener: options.account, password: "secret" })
  return {
    layer: ({ nearCache: _, ...options }) =>
      CacheRedis.layerCluster({ ...options, rootNodes: group.nodes.map(({ address }) => `redis://${address}`) }),
    get probes() {
      return group.probes
    },
    get master() {
      return group.masters[options.random.below(3)] as Server
    },
    keyspaces: (isWell, key) => group.keyspacesOf(key, isWell),
    isOneServer: false,
    isMoving: () => group.isMoving,
    settleTime: 3_000,
    faults: group.faults,
    longestRecovery: 2_500,
    mostConnections: 40
  }
}

export const topologies: Readonly<Record<TopologyName, (options: TopologyOptions) => Topology>> = {
  single,
  sentinel,
  cluster
}
