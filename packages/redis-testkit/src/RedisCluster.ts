import { setTimeout as sleep } from "node:timers/promises"
import { askRedis } from "./askRedis.ts"
import { RedisServer } from "./RedisServer.ts"

/** Options of `RedisCluster.start`. */
export interface RedisClusterOptions {
  /** 3 unless given. */
  readonly masters?: number
  /** Replicas of each master, 1 unless given. */
  readonly replicas?: number
  /** After how many milliseconds without an answer a node counts as failed; 1,000 unless given. */
  readonly nodeTimeout?: number
  /** Further arguments of every server. */
  readonly args?: ReadonlyArray<string>
}

const slots = 16_384
const formedDeadlineMs = 30_000

/** The time after which a server forgets a failover that it could not carry out, with a margin. */
const failoverLapseMs = 6_000

/** A Redis Cluster of servers that a test owns. */
export class RedisCluster {
  /** Starts the servers, forms the cluster, and resolves when every node calls it whole. */
  static async start({
    args = [],
    masters: masterCount = 3,
    nodeTimeout = 1_000,
    replicas: replicaCount = 1
  }: RedisClusterOptions = {}): Promise<RedisCluster> {
    const tuned = [
      ...["--repl-diskless-sync-delay", "0"],
      ...["--cluster-enabled", "yes", "--cluster-node-timeout", `${nodeTimeout}`],
      // One shard's failure is not every shard's, and a replica may take over however long it has been cut off.
      ...["--cluster-require-full-coverage", "no", "--cluster-replica-validity-factor", "0"],
      ...args
    ]
    const servers = await Promise.all(
      Array.from({ length: masterCount * (1 + replicaCount) }, () => startOnFreeBus(tuned))
    )
    const cluster = new RedisCluster(servers.slice(0, masterCount), servers.slice(masterCount), tuned)
    try {
      await cluster.#form()
      return cluster
    } catch (error) {
      await cluster.stop()
      throw error
    }
  }

  /** The servers that were masters when the cluster was formed, in the order of their slots. */
  readonly masters: ReadonlyArray<RedisServer>
  /** The others, those of the first master first. */
  readonly replicas: ReadonlyArray<RedisServer>
  readonly #args: ReadonlyArray<string>
  readonly #added: Array<RedisServer> = []

  private constructor(
    masters: ReadonlyArray<RedisServer>,
    replicas: ReadonlyArray<RedisServer>,
    args: ReadonlyArray<string>
  ) {
    this.masters = masters
    this.replicas = replicas
    this.#args = args
  }

  /** Every server, those that were added later at the end. */
  get servers(): ReadonlyArray<RedisServer> {
    return [...this.masters, ...this.replicas, ...this.#added]
  }

  /** Adds a replica of a master, and resolves when it has the master's keys and every server knows it. */
  async addReplica(master: RedisServer): Promise<RedisServer> {
    const replica = await startOnFreeBus(this.#args)
    this.#added.push(replica)
    await askRedis(replica.url, ["CLUSTER", "MEET", "127.0.0.1", `${master.port}`])
    await this.#until((info) => info.includes(`cluster_known_nodes:${this.servers.length}`))
    await replicate(replica, master)
    await replicated(replica)
    const id = await idOf(replica)
    for (const server of this.servers) {
      await until(async () => (await tryAsk(server, ["CLUSTER", "NODES"]))?.match(`${id}.*slave`) != null)
    }
    return replica
  }

  /** Lets a replica take over from its master, as before maintenance, and resolves when it says that it has. */
  async failOver(replica: RedisServer): Promise<void> {
    let askedAt = Number.NEGATIVE_INFINITY
    await until(async () => {
      if ((await tryAsk(replica, ["INFO", "replication"]))?.includes("role:master") === true) return true
      if (performance.now() - askedAt > failoverLapseMs) {
        askedAt = performance.now()
        await askRedis(replica.url, ["CLUSTER", "FAILOVER"])
      }
      return false
    })
  }

  /** Gives all slots of a master to another one at once; its keys are lost. */
  async giveSlots(from: RedisServer, to: RedisServer): Promise<void> {
    const [first, last] = this.slotsOf(this.masters.indexOf(from))
    const script =
      "for slot = ARGV[1], ARGV[2] do redis.call('CLUSTER', 'SETSLOT', slot, 'NODE', ARGV[3]) end return 'OK'"
    const give = ["EVAL", script, "0", `${first}`, `${last}`, await idOf(to)]
    await askRedis(from.url, ["FLUSHALL"])
    for (const server of [to, ...this.masters.filter((master) => master !== to && master !== from)]) {
      await askRedis(server.url, give)
    }
    // It may follow the other one already, as a master does that has lost its last slot.
    await tryAsk(from, give)
  }

  /** Takes a server without slots out of the cluster, as `redis-cli --cluster del-node` does. It goes on running. */
  async remove(server: RedisServer): Promise<void> {
    const id = await idOf(server)
    for (const other of this.servers.filter((other) => other !== server)) {
      await askRedis(other.url, ["CLUSTER", "FORGET", id])
    }
    await askRedis(server.url, ["CLUSTER", "RESET", "HARD"])
  }

  /** The range of slots of the master with this index, first and last. */
  slotsOf(master: number): readonly [first: number, last: number] {
    const each = slots / this.masters.length
    return [Math.ceil(master * each), Math.ceil((master + 1) * each) - 1]
  }

  /** Moves a slot between two masters, with its keys, as `redis-cli --cluster reshard` does. */
  async moveSlot(slot: number, from: RedisServer, to: RedisServer): Promise<void> {
    const [fromId, toId] = [await idOf(from), await idOf(to)]
    await askRedis(to.url, ["CLUSTER", "SETSLOT", `${slot}`, "IMPORTING", fromId])
    await askRedis(from.url, ["CLUSTER", "SETSLOT", `${slot}`, "MIGRATING", toId])
    for (;;) {
      const script = "local keys = redis.call('CLUSTER', 'GETKEYSINSLOT', ARGV[1], 10) return table.concat(keys, '\\n')"
      const keys = await askRedis(from.url, ["EVAL", script, "0", `${slot}`])
      if (keys === "") break
      await askRedis(from.url, ["MIGRATE", "127.0.0.1", `${to.port}`, "", "0", "5000", "KEYS", ...keys.split("\n")])
    }
    for (const server of [to, from, ...this.masters.filter((master) => master !== to && master !== from)]) {
      await askRedis(server.url, ["CLUSTER", "SETSLOT", `${slot}`, "NODE", toId])
    }
  }

  /** Ends every server, in whatever state it is. */
  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()))
  }

  async #form(): Promise<void> {
    const [first, ...others] = this.servers
    if (first === undefined) return
    await Promise.all(
      this.masters.map((master, index) => {
        const [from, to] = this.slotsOf(index)
        const own = Array.from({ length: to - from + 1 }, (_, slot) => `${from + slot}`)
        return askRedis(master.url, ["CLUSTER", "ADDSLOTS", ...own])
      })
    )
    await Promise.all(
      this.servers.map((server, index) => askRedis(server.url, ["CLUSTER", "SET-CONFIG-EPOCH", `${index + 1}`]))
    )
    for (const { port } of others) await askRedis(first.url, ["CLUSTER", "MEET", "127.0.0.1", `${port}`])
    await this.#until((info) => info.includes(`cluster_known_nodes:${this.servers.length}`))
    const perMaster = this.replicas.length / this.masters.length
    for (const [index, replica] of this.replicas.entries()) {
      await replicate(replica, this.masters[Math.floor(index / perMaster)] as RedisServer)
    }
    await this.#until((info) => info.includes("cluster_state:ok") && info.includes("cluster_slots_assigned:16384"))
    for (const replica of this.replicas) await replicated(replica)
  }

  async #until(done: (info: string) => boolean): Promise<void> {
    for (const server of this.servers) {
      await until(async () => done((await tryAsk(server, ["CLUSTER", "INFO"])) ?? ""))
    }
  }
}

/** A node's bus has the port 10,000 above its own, which somebody else may have. */
const startOnFreeBus = (args: ReadonlyArray<string>, tries = 5): Promise<RedisServer> =>
  RedisServer.start({ args }).catch((error: unknown) => {
    if (tries === 1) throw error
    return startOnFreeBus(args, tries - 1)
  })

const replicate = async (replica: RedisServer, master: RedisServer): Promise<void> => {
  const id = await idOf(master)
  await until(async () => (await tryAsk(replica, ["CLUSTER", "REPLICATE", id])) === "OK")
}

const replicated = (replica: RedisServer): Promise<void> =>
  until(async () => /master_link_status:up/.test((await tryAsk(replica, ["INFO", "replication"])) ?? ""))

const idOf = (server: RedisServer): Promise<string> => askRedis(server.url, ["CLUSTER", "MYID"])

const tryAsk = (server: RedisServer, command: ReadonlyArray<string>) =>
  askRedis(server.url, [...command]).catch(() => undefined)

const until = async (done: () => Promise<boolean>): Promise<void> => {
  for (const deadline = Date.now() + formedDeadlineMs; !(await done()); await sleep(20)) {
    if (Date.now() > deadline) throw new Error("The Redis cluster was not formed in time")
  }
}
