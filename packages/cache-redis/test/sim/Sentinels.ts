/** A simulated group of a master, its replica, and the three sentinels that watch it. */
import type { Client } from "./Client.ts"
import type { Fault } from "./faults.ts"
import type { Weather } from "./Network.ts"
import { Push, Replies, type Reply } from "./Resp.ts"
import { Server } from "./Server.ts"
import type { TopologyOptions } from "./topologies.ts"

/** How long a write is on its way to the replica on a fine day, in milliseconds. */
const usualLag = 2

/** How long a master is away when the sentinels agree that it is down, in milliseconds. */
const downAfter = 1_000

/**
 * The time behind the word of the sentinels for which an old master may still get commands, in milliseconds: a second,
 * and a block.
 */
const leftAfter = 3_000

class Sentinel extends Server {
  /** The master that it names, and the number of the failover that made it so. */
  named: Server
  epoch = 0

  constructor(options: TopologyOptions, address: string, named: Server) {
    super(options.network, address)
    this.named = named
  }

  override command(client: Client, name: string, args: ReadonlyArray<string>): Reply {
    if (name === "SENTINEL") {
      const [host = "", port = ""] = this.named.address.split(":")
      if (args[1] === "GET-MASTER-ADDR-BY-NAME") return [host, port]
      return new Map<string, Reply>([
        ["name", "group"],
        ["config-epoch", String(this.epoch)]
      ])
    }
    if (name === "SUBSCRIBE") {
      return new Replies(
        args.slice(1).map((channel) => {
          client.channels.add(channel)
          return new Push(["subscribe", channel, client.channels.size])
        })
      )
    }
    return super.command(client, name, args)
  }

  /** Names another master, and tells those who listen. */
  hear(master: Server, epoch: number, isLeader: boolean): void {
    const before = this.named.address.replace(":", " ")
    const now = master.address.replace(":", " ")
    this.named = master
    this.epoch = epoch
    if (isLeader) this.#publish("+promoted-slave", `slave ${now.replace(" ", ":")} ${now} @ group ${before}`)
    this.#publish("+switch-master", `group ${before} ${now}`)
  }

  #publish(channel: string, message: string): void {
    this.log.add(`${this.address} ${channel} ${message}`)
    for (const client of this.clients) if (client.channels.has(channel)) client.push(["message", channel, message])
  }
}

const isAway = ({ isHeld, isRefused, latency }: Weather): boolean => isHeld || isRefused || latency > 50

export class SentinelGroup {
  readonly sentinels: ReadonlyArray<Sentinel>
  readonly faults: Readonly<Record<string, Fault>>
  master: Server
  readonly #options: TopologyOptions
  readonly #servers: ReadonlyArray<Server>
  #epoch = 0
  #lag = usualLag
  /** When all sentinels had named the master, if each could be reached since. */
  #namedAt = Number.POSITIVE_INFINITY
  /** Another one begins only when it is over. */
  #failingOver: Promise<void> | undefined

  constructor(options: TopologyOptions, servers: ReadonlyArray<Server>) {
    this.#options = options
    this.#servers = servers
    this.master = servers[0] as Server
    this.sentinels = [1, 2, 3].map((n) => new Sentinel(options, `10.0.1.${n}:26379`, this.master))
    for (const sentinel of this.sentinels) sentinel.listener = options.account
    for (const server of servers) {
      server.isMaster = server === this.master
      server.onWritten = (key) => this.#replicate(server, key)
    }
    this.faults = {
      "planned failover": () => this.#failOver(0),
      "failover of a killed master": async ({ sleep }, millis) => {
        const old = this.master
        old.kill()
        await this.#failOver(downAfter)
        await sleep(millis)
        old.restart()
      },
      "failover of a frozen master": async ({ sleep }, millis) => {
        const old = this.master
        old.freeze()
        await this.#failOver(downAfter)
        await sleep(millis)
        old.thaw()
      },
      "failover of a master cut off from the others": async ({ sleep }, millis) => {
        await this.#failOver(downAfter, leftAfter + millis)
        await sleep(100)
      },
      "failover that one sentinel knows of": async ({ sleep }, millis) => {
        await this.#failOver(downAfter, leftAfter + millis, 1)
        await sleep(100)
      },
      "failover that loses writes": async ({ random, sleep }, millis) => {
        this.#lag = 20 + random.below(400)
        await sleep(millis)
        const old = this.master
        old.kill()
        await this.#failOver(downAfter)
        this.#lag = usualLag
        old.restart()
      },
      "a sentinel is away": async ({ network, random, sleep }, millis) => {
        const away = this.sentinels[random.below(3)] as Sentinel
        network.weather(away.address)[random.below(2) === 0 ? "isRefused" : "isHeld"] = true
        for (const connection of network.to(away.address)) if (random.below(2) === 0) connection.reset()
        await sleep(millis)
        network.heal(away.address)
      },
      "all sentinels are away": async (place, millis) => {
        for (const { address } of this.sentinels) {
          place.network.weather(address).isRefused = true
          for (const connection of place.network.to(address)) connection.reset()
        }
        if (place.random.below(2) === 0) for (const each of place.network.to(this.master.address)) each.reset()
        await place.sleep(millis)
        for (const { address } of this.sentinels) place.network.heal(address)
      },
      "slow sentinels": async ({ network, random, sleep }, millis) => {
        for (const { address } of this.sentinels) network.weather(address).latency = random.below(200)
        await this.#failOver(random.below(500))
        await sleep(millis)
        for (const { address } of this.sentinels) network.heal(address)
      }
    }
  }

  #replicate(from: Server, key: string): void {
    const { account, network } = this.#options
    if (from !== this.master && from.isMaster && network.loop.now > this.#namedAt + leftAfter) {
      account.isWrong("master", `${key} asked of an old master, ${leftAfter} ms behind the word of the sentinels`)
    }
    this.#options.network.loop.arrive(
      this.#lag,
      () => {
        if (from !== this.master) return
        for (const server of this.#servers) if (!server.isMaster) server.keyspace.copyKey(from.keyspace, key)
      },
      "elsewhere"
    )
  }

  /** Makes the replica the master. The old one becomes a replica later, and takes writes until then. */
  #failOver(after: number, isolated = 0, hearing = this.sentinels.length): Promise<void> {
    this.#failingOver ??= this.#promote(after, isolated, hearing).finally(() => {
      this.#failingOver = undefined
    })
    return this.#failingOver
  }

  /** So many sentinels hear of it while the old master is isolated, the others behind that. */
  async #promote(after: number, isolated: number, hearing: number): Promise<void> {
    const { network, random, sleep } = this.#options
    await sleep(after)
    const old = this.master
    const next = this.#servers.find((server) => server !== old) as Server
    next.isMaster = true
    this.master = next
    const epoch = ++this.#epoch
    next.log.add(`${next.address} is promoted`)
    // The leader first, the others when it tells them.
    const order = random.shuffled([...this.sentinels])
    const first = order.slice(0, hearing)
    for (const [index, sentinel] of first.entries()) {
      sentinel.hear(next, epoch, index === 0)
      await sleep(random.below(300))
    }
    if (first.every(({ address }) => !isAway(network.weather(address)))) this.#namedAt = network.loop.now
    await sleep(isolated)
    this.#namedAt = Number.POSITIVE_INFINITY
    for (const sentinel of order.slice(hearing)) sentinel.hear(next, epoch, false)
    old.isMaster = false
    old.keyspace.copy(next.keyspace)
    next.log.add(`${old.address} is a replica`)
  }
}
