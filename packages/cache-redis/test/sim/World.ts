/** A simulated world: two processes with the adapter, their servers, and the faults that come upon them. */
import type { LookupFunction } from "node:net"
import { CachePort } from "@hexcache/cache-port"
import { RedisStatus } from "@hexcache/cache-redis"
import { Context, Effect, Exit, Layer, Logger, Scope } from "effect"
import type { Random } from "../storm/random.ts"
import type { Account } from "./Account.ts"
import { Blocks } from "./Blocks.ts"
import { Callers } from "./Callers.ts"
import type { EventLog } from "./EventLog.ts"
import { Excuses } from "./Excuses.ts"
import { type Fault, faults, hopeless, type Names, type Place } from "./faults.ts"
import type { Loop } from "./Loop.ts"
import type { Network } from "./Network.ts"
import { type Chance, pick, type Round, schedule } from "./Schedule.ts"
import type { SimulationOptions } from "./Simulation.ts"
import { type Topology, topologies } from "./topologies.ts"
import { Work } from "./Work.ts"

/** The parts of a world. */
export interface WorldParts {
  readonly loop: Loop
  readonly log: EventLog
  readonly chance: Chance
  readonly network: Network
  readonly account: Account
}

interface Process {
  readonly callers: Callers
  readonly random: Random
  readonly scope: Scope.Closeable
}

const deadline = 100

/** The most operations of one kind that a process may have in flight. */
const maxPending = 64

/** Timers and immediates for each connection at rest, at most. */
const mostTasks = 4

/** Within this an operation succeeds on a connection that was checked while nothing was sent, in milliseconds. */
const checkedRecovery = 60

/** Attempts of two processes to connect within so many milliseconds: pauses grow up to half a second. */
const mostAttempts = (millis: number): number => 2 * (16 + millis / 250)

const hour = 3_600_000

export class World {
  readonly #options: SimulationOptions
  readonly #loop: Loop
  readonly #log: EventLog
  readonly #chance: Chance
  readonly #network: Network
  readonly #account: Account
  readonly #random: Random
  readonly #topology: Topology
  readonly #work: Work
  readonly #excuses: Excuses
  readonly #names: Names = { delay: 0.3, fails: false }
  readonly #lookups = new Set<string>()
  readonly #sometimes = new Map<string, number>()
  readonly #rounds: Array<number> = []
  readonly #processes: Array<Process> = []
  readonly #blocks = new Blocks()
  #isEnding = false
  #isIdle = false
  #isClosing = false
  #slowestRecovery = 0
  #slowestRecoveryOf = "none"
  /** How long a process rests between two bursts of operations at most, in milliseconds. */
  #rest = 300

  constructor(options: SimulationOptions, { account, chance, log, loop, network }: WorldParts) {
    this.#options = options
    this.#loop = loop
    this.#log = log
    this.#chance = chance
    this.#network = network
    this.#account = account
    this.#random = chance.stream()
    this.#topology = topologies[options.topology ?? "single"]({
      network,
      account,
      random: this.#random,
      sleep: this.#sleep
    })
    this.#excuses = new Excuses(network)
    this.#work = new Work(account, network, () => this.#sum(({ operations }) => operations))
  }

  figures() {
    return {
      operations: this.#sum(({ operations }) => operations),
      succeeded: this.#sum(({ succeeded }) => succeeded),
      slowest: Math.max(...this.#processes.map(({ callers }) => callers.slowest)),
      slowestRecovery: this.#slowestRecovery,
      slowestRecoveryOf: this.#slowestRecoveryOf,
      sometimes: new Map([
        ...this.#sometimes,
        ...Array.from(this.#account.commands, ([name, count]) => [`command: ${name}`, count] as const),
        ...Array.from(this.#account.refusals, ([word, count]) => [`reply: ${word}`, count] as const)
      ]),
      rounds: this.#rounds
    }
  }

  async run(): Promise<void> {
    for (const name of ["A", "B"]) this.#processes.push(await this.#start(name))
    for (const process of this.#processes) this.#askOn(process)
    const topology = this.#topology
    const all: Readonly<Record<string, Fault>> = { ...faults, ...topology.faults }
    for (const name of this.#options.only ?? Object.keys(all)) this.#sometimes.set(`fault: ${name}`, 0)
    await this.#weather(all)
    await this.#sleep(500)
    const fault = this.#lastFault(all)
    await this.#sleep(this.#random.below(200))
    await this.#close()
    await fault
    await this.#checkEnd()
  }

  #sum(figure: (callers: Callers) => number): number {
    return this.#processes.reduce((all, { callers }) => all + figure(callers), 0)
  }

  async #start(name: string): Promise<Process> {
    const { isNear } = this.#options
    const scope = await Effect.runPromise(Scope.make())
    const layer = this.#topology.layer({
      password: "secret",
      namespace: "sim",
      commandTimeout: deadline,
      pingInterval: 2_000,
      maxPending,
      lookup: this.#lookup,
      nearCache: isNear ? { maxEntries: 8 } : undefined
    })
    let cuts = 0
    const logger = Logger.make<unknown, void>(({ message }) => {
      this.#log.add(`${name} logs ${message}`)
      this.#count(`logs: ${message}`)
      if (/ECONNRESET/.test(String(message))) cuts++
    })
    const built = await Effect.runPromise(
      Layer.buildWithScope(layer, scope).pipe(Effect.provide(Logger.layer([logger])))
    )
    const status = Context.get(built, RedisStatus)
    const random = this.#chance.stream()
    const callers = new Callers(name, Context.get(built, CachePort), {
      loop: this.#loop,
      log: this.#log,
      random,
      account: this.#account,
      deadline,
      maxPending,
      staleness: isNear ? deadline : 0,
      blocks: this.#blocks,
      keyspaces: (key) => this.#topology.keyspaces(this.#excuses.isWell, key),
      isOneServer: this.#topology.isOneServer,
      count: this.#count,
      excuse: (operation, failure) => this.#excuses.of(operation, failure, this.#topology.isMoving?.() === true),
      condition: () => {
        const state = Effect.runSync(status.current)._tag
        return {
          isInOutage: this.#topology.isOneServer && (state === "Down" || this.#excuses.isGone),
          isConnecting: state === "Connecting"
        }
      },
      isClosing: () => this.#isClosing,
      cuts: () => cuts
    })
    return { callers, random, scope }
  }

  readonly #lookup: LookupFunction = (hostname, _, callback) => {
    const begun = this.#loop.now
    if (this.#lookups.has(hostname)) this.#account.isWrong("growth", `two look-ups of ${hostname} at a time`)
    this.#lookups.add(hostname)
    const judge = () => {
      const { delay, fails } = this.#names
      if (delay === undefined || this.#loop.now - begun < delay) {
        this.#loop.arrive(10, judge)
        return
      }
      this.#lookups.delete(hostname)
      if (fails) callback(Object.assign(new Error("EAI_AGAIN"), { code: "EAI_AGAIN", hostname }), "", 4)
      else callback(null, [{ address: "10.0.0.1", family: 4 }])
    }
    this.#loop.arrive(0.3, judge)
  }

  /** Bursts of operations with rests between, until the end. */
  #askOn({ callers, random }: Process): void {
    const next = () => {
      if (this.#isEnding) return
      if (!this.#isIdle) for (let count = 1 + random.below(5); count > 0; count--) callers.ask()
      callers.check()
      this.#loop.arrive(random.below(this.#rest), next)
    }
    next()
  }

  get #place(): Place {
    const topology = this.#topology
    return {
      get server() {
        return topology.master
      },
      network: this.#network,
      random: this.#random,
      names: this.#names,
      sleep: this.#sleep,
      block: (millis) => {
        this.#log.add(`the processes are blocked for ${millis} ms`)
        this.#loop.block(millis)
        this.#blocks.add(millis, this.#loop.now)
      },
      ask: () => {
        for (const { callers } of this.#processes) callers.ask()
      },
      writeLongValues: () => {
        for (const { callers } of this.#processes) callers.writeLongValues()
      },
      rest: (isIdle) => {
        this.#isIdle = isIdle
      },
      askManyAtOnce: () => {
        for (const { callers } of this.#processes) callers.askManyAtOnce(3 * maxPending)
      }
    }
  }

  /** Begins a fault under which the processes close. */
  #lastFault(all: Readonly<Record<string, Fault>>): Promise<void> {
    this.#chance.begin(0)
    const name = pick(this.#random, Object.keys(all))
    this.#excuses.everything()
    this.#log.add(`fault begins, and the processes close: ${name}`)
    for (const { callers } of this.#processes) callers.ask()
    return all[name]?.({ ...this.#place }, 500) ?? Promise.resolve()
  }

  async #weather(all: Readonly<Record<string, Fault>>): Promise<void> {
    const { hours, only, rounds, seed } = this.#options
    const last = rounds === undefined ? Number.POSITIVE_INFINITY : Math.max(0, ...rounds)
    const own = Object.keys(this.#topology.faults)
    for (const round of schedule(seed, only ?? [...Object.keys(faults), ...own, ...own, ...own, ...own])) {
      if (this.#account.wrong.length > 0 || round.number > last) break
      if (rounds === undefined ? this.#loop.now >= hours * hour : !rounds.includes(round.number)) {
        if (rounds === undefined) break
        continue
      }
      await this.#play(round, all)
    }
    this.#isEnding = true
  }

  async #play(round: Round, all: Readonly<Record<string, Fault>>): Promise<void> {
    this.#rounds.push(round.number)
    this.#chance.begin(round.number)
    this.#rest = round.rest
    const names = round.faults
    const title = names.join(" and ")
    this.#log.add(`round ${round.number}, fault begins: ${title}, ${round.millis} ms`)
    for (const name of names) this.#count(`fault: ${name}`)
    const { now } = this.#loop
    const { attempts } = this.#network
    this.#work.begin()
    this.#excuses.faultsBegin(names, this.#rounds.length === 1)
    await Promise.all(names.map((name) => all[name]?.({ ...this.#place }, round.millis * (0.5 + this.#random.next()))))
    this.#excuses.faultsEnd()
    this.#log.add(`fault ends: ${title}`)
    await this.#recovered(title)
    this.#rest = round.restBehind
    await this.#sleep(this.#topology.settleTime)
    this.#excuses.settled()
    const tried = this.#network.attempts - attempts
    if (names.every((name) => hopeless.has(name)) && tried > mostAttempts(this.#loop.now - now))
      this.#account.isWrong("attempts", `${tried} attempts to connect under ${title}`)
    await this.#sleep(round.calm)
    this.#checkRest(title)
    this.#work.check(this.#loop.now - now, title)
  }

  /** Probes each process until it reads and writes. */
  async #recovered(title: string): Promise<void> {
    for (const { callers } of this.#processes) {
      const since = this.#loop.now
      const blocked = this.#blocks.total
      await new Promise<void>((resolve) => {
        const left = new Set(this.#topology.probes.flatMap((key) => [`exists ${key}`, `set ${key}`]))
        const probe = () => {
          if (left.size === 0) return
          if (this.#loop.now - since > 10_000) {
            left.clear()
            resolve()
            return
          }
          for (const each of left) {
            callers.probe(each, () => {
              if (left.delete(each) && left.size === 0) resolve()
            })
          }
          this.#loop.arrive(25, probe)
        }
        probe()
      })
      const took = this.#loop.now - since - 2 * (this.#blocks.total - blocked)
      if (took > this.#slowestRecovery) {
        this.#slowestRecovery = took
        this.#slowestRecoveryOf = title
      }
      const bound = title === "forgotten while idle" ? checkedRecovery : this.#topology.longestRecovery
      if (took > bound + 12 * this.#network.latency)
        this.#account.isWrong("recovery", `${took.toFixed(0)} ms until something succeeded after ${title}`)
    }
  }

  /** Nothing piles up. */
  #checkRest(title: string): void {
    const open = this.#network.connections.size
    if (open > this.#topology.mostConnections) this.#account.isWrong("growth", `${open} connections after ${title}`)
    if (this.#loop.tasks.size > mostTasks * this.#topology.mostConnections)
      this.#account.isWrong("growth", `${this.#loop.tasks.size} timers after ${title}`)
  }

  async #close(): Promise<void> {
    const since = this.#loop.now
    for (const { callers } of this.#processes) callers.ask()
    const blocked = this.#blocks.total
    this.#isClosing = true
    await Promise.all(this.#processes.map(({ scope }) => Effect.runPromise(Scope.close(scope, Exit.void))))
    const took = this.#loop.now - since - (this.#blocks.total - blocked)
    if (took > 500) this.#account.isWrong("close", `closing took ${took.toFixed(0)} ms`)
    // Work that ends with the close has a few turns for it.
    await this.#sleep(5)
    const referenced = [...this.#loop.tasks].filter((task) => task.hasRef())
    if (referenced.length > 0) this.#account.isWrong("close", `${referenced.length} timers are left behind the close`)
  }

  async #checkEnd(): Promise<void> {
    // A look-up that nobody waited for is kept for a second.
    await this.#sleep(1_500)
    for (const { callers } of this.#processes) {
      for (const { name } of callers.inFlight.values()) this.#account.isWrong("deadline", `${name} never ended`)
    }
    if (this.#loop.tasks.size > 0) this.#account.isWrong("close", `${this.#loop.tasks.size} timers are left`)
    const open = [...this.#network.connections].filter(({ socket }) => !socket.destroyed)
    if (open.length > 0) this.#account.isWrong("close", `${open.length} sockets are left`)
  }

  readonly #count = (what: string): void => {
    this.#sometimes.set(what, (this.#sometimes.get(what) ?? 0) + 1)
  }

  readonly #sleep = (millis: number): Promise<void> => new Promise((resolve) => this.#loop.arrive(millis, resolve))
}
