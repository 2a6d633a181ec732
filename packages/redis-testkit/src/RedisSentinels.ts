import { setTimeout as sleep } from "node:timers/promises"
import { askRedis } from "./askRedis.ts"
import { RedisServer } from "./RedisServer.ts"

/** Options of `RedisSentinels.start`. */
export interface RedisSentinelsOptions {
  /** Of the master; 2 unless given. */
  readonly replicas?: number
  /** 3 unless given; more than half of them decide a failover. */
  readonly sentinels?: number
  /** After how many milliseconds without an answer the master counts as down; 1,000 unless given. */
  readonly downAfter?: number
  /**
   * Leads to the master: takes its port, and resolves to the one by which replicas and sentinels reach it, which is also
   * the one that they name. The master's own unless given.
   */
  readonly route?: (masterPort: number) => Promise<number>
  /** Further arguments of the master. None unless given. */
  readonly masterArgs?: ReadonlyArray<string>
  /** Further arguments of each sentinel, such as those of a certificate. None unless given. */
  readonly sentinelArgs?: ReadonlyArray<string>
}

const groupDeadlineMs = 60_000

/** Until the group has formed: on a busy machine a sentinel would replace the master before it is known to all. */
const downAfterAtFirst = 600_000

/** A master, its replicas, and the sentinels that watch them, all owned by a test. */
export class RedisSentinels {
  /** Starts the servers and resolves when every sentinel knows every other one and every replica. */
  static async start({
    downAfter = 1_000,
    masterArgs = [],
    replicas: replicaCount = 2,
    route = async (port) => port,
    sentinelArgs = [],
    sentinels: sentinelCount = 3
  }: RedisSentinelsOptions = {}): Promise<RedisSentinels> {
    const servers: Array<RedisServer> = []
    const start = async (options: Parameters<typeof RedisServer.start>[0]): Promise<RedisServer> => {
      const server = await RedisServer.start(options)
      servers.push(server)
      return server
    }
    try {
      const atOnce = ["--repl-diskless-sync-delay", "0"]
      const master = await start({ args: [...atOnce, ...masterArgs] })
      const masterPort = await route(master.port)
      const replicaOf = ["--replicaof", "127.0.0.1", `${masterPort}`, ...atOnce]
      const replicas = await Promise.all(Array.from({ length: replicaCount }, () => start({ args: replicaOf })))
      const config = [
        `sentinel monitor main 127.0.0.1 ${masterPort} ${Math.floor(sentinelCount / 2) + 1}`,
        `sentinel down-after-milliseconds main ${downAfterAtFirst}`,
        "sentinel failover-timeout main 3000"
      ].join("\n")
      const sentinels = await Promise.all(
        Array.from({ length: sentinelCount }, () =>
          start({ args: ["--sentinel", ...sentinelArgs], config: `${config}\n` })
        )
      )
      const group = new RedisSentinels("main", master, replicas, sentinels)
      await group.#formed()
      await group.setDownAfter(downAfter)
      return group
    } catch (error) {
      await Promise.all(servers.map((server) => server.stop()))
      throw error
    }
  }

  /** The master's name in the sentinels' configuration. */
  readonly name: string
  /** The server that was the master at the beginning. */
  readonly master: RedisServer
  readonly replicas: ReadonlyArray<RedisServer>
  readonly sentinels: ReadonlyArray<RedisServer>

  private constructor(
    name: string,
    master: RedisServer,
    replicas: ReadonlyArray<RedisServer>,
    sentinels: ReadonlyArray<RedisServer>
  ) {
    this.name = name
    this.master = master
    this.replicas = replicas
    this.sentinels = sentinels
  }

  /** Has every sentinel count the master as down after so many milliseconds without an answer. */
  async setDownAfter(millis: number): Promise<void> {
    const command = ["SENTINEL", "SET", this.name, "down-after-milliseconds", `${millis}`]
    for (const { url } of this.sentinels) await askRedis(url, command)
  }

  /** Ends every server, in whatever state it is. */
  async stop(): Promise<void> {
    await Promise.all([this.master, ...this.replicas, ...this.sentinels].map((server) => server.stop()))
  }

  async #formed(): Promise<void> {
    const whole = `slaves=${this.replicas.length},sentinels=${this.sentinels.length}`
    for (const { url } of this.sentinels) await until(url, "sentinel", whole)
    for (const { url } of this.replicas) await until(url, "replication", "master_link_status:up")
  }
}

/** Waits for a server to say something in a section of its INFO. */
const until = async (url: string, section: string, told: string): Promise<void> => {
  for (const deadline = Date.now() + groupDeadlineMs; ; await sleep(50)) {
    const info = await askRedis(url, ["INFO", section]).catch(() => "")
    if (info.includes(told)) return
    if (Date.now() > deadline) throw new Error("The servers and their sentinels did not find each other in time")
  }
}
