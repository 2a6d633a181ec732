/** A run of the adapter in a simulated world: what happens, what is asked meanwhile, and what is wrong with the answers. */
import type { LookupFunction } from "node:net"
import { CachePort } from "@hexcache/cache-port"
import { RedisStatus } from "@hexcache/cache-redis"
import { Context, Effect, Exit, Layer, Logger, Scope } from "effect"
import { type Random, randomFrom } from "../storm/random.ts"
import { Account } from "./Account.ts"
import { Callers } from "./Callers.ts"
import { EventLog } from "./EventLog.ts"
import { type Fault, faults, hopeless, losing, type Names, type Place, unnoticed } from "./faults.ts"
import { enter } from "./globals.ts"
import { Loop } from "./Loop.ts"
import { Network } from "./Network.ts"
import { type Topology, type TopologyName, topologies } from "./topologies.ts"

/** How a simulation goes. */
export interface SimulationOptions {
  /** Any number; all that happens follows from it. */
  readonly seed: number
  /** Simulated hours. */
  readonly hours: number
  /** True for processes with a near cache. */
  readonly isNear: boolean
  /** One server unless given. */
  readonly topology?: TopologyName | undefined
  /** The faults that may happen; all unless given. */
  readonly only?: ReadonlyArray<string> | undefined
  /** How many events are told of a run that breaks a promise; those that matter for what is wrong unless given. */
  readonly trace?: number | undefined
}

/** What came of a simulation. Times are in milliseconds. */
export interface SimulationReport {
  readonly seed: number
  readonly hash: string
  readonly events: number
  readonly steps: number
  readonly millis: number
  readonly operations: number
  readonly succeeded: number
  readonly verified: number
  readonly slowest: number
  readonly slowestRecovery: number
  readonly slowestRecoveryOf: string
  /** What cannot be; nothing if all is well. */
  readonly wrong: ReadonlyArray<string>
  /** How often each fault was caused, and each branch was reached. */
  readonly sometimes: ReadonlyMap<string, number>
  /** The events that led to what is wrong. */
  readonly trace: ReadonlyArray<string>
}

const deadline = 100

/** Timers and immediates for each connection at rest, at most. */
const mostTasks = 4

/** Attempts of two processes to connect within so many milliseconds: pauses grow up to half a second. */
const mostAttempts = (millis: number): number => 2 * (16 + millis / 250)

const hour = 3_600_000

export const simulate = async (options: SimulationOptions): Promise<SimulationReport> => {
  const loop = new Loop()
  const log = new EventLog(() => loop.now)
  const random = randomFrom(options.seed)
  const network = new Network(loop, log, randomFrom(options.seed + 1_000_003), pick(random, [0.1, 0.3, 2, 6]))
  enter({ loop, random: randomFrom(options.seed + 2_000_003).next, connect: network.connect })
  const account = new Account(() => loop.now)
  const world = new World(options, loop, log, random, network, account)
  let isOver = false
  let failure: unknown
  world.run().then(
    () => {
      isOver = true
    },
    (thrown) => {
      failure = thrown
      isOver = true
    }
  )
  await loop.run(() => isOver)
  if (failure !== undefined) throw failure
  if (!isOver) account.isWrong("nothing is left to happen, and the simulation has not ended")
  return {
    seed: options.seed,
    hash: log.hash,
    events: log.length,
    steps: loop.steps,
    millis: loop.now,
    verified: account.verified,
    wrong: account.wrong,
    ...world.figures(),
    trace: account.wrong.length === 0 ? [] : log.last(options.trace ?? 80, matters(options, account.wrong))
  }
}

/** Of what is wrong first its keys and operation until then, and what happened to servers and connections. */
const matters = ({ trace }: SimulationOptions, wrong: ReadonlyArray<string>): ((event: string) => boolean) => {
  if (trace !== undefined) return () => true
  const [first = ""] = wrong
  const words = first.match(/(?:value|group|count)-[0-9-]+|(?<=\d )[AB] \d+/g) ?? []
  const found = new RegExp(
    [...words.map((word) => `\\b${word}\\b`), "fault", "connection", "logs", "blocked", "promoted", "slot"].join("|")
  )
  return (event) => Number.parseFloat(event) <= Number.parseFloat(first) && found.test(event)
}

class World {
  readonly #options: SimulationOptions
  readonly #loop: Loop
  readonly #log: EventLog
  readonly #random: Random
  readonly #network: Network
  readonly #account: Account
  readonly #topology: Topology
  readonly #names: Names = { delay: 0.3, fails: false }
  readonly #sometimes = new Map<string, number>()
  readonly #processes: Array<Callers> = []
  #blocked = 0
  #blockedUntil = Number.NEGATIVE_INFINITY
  #isEnding = false
  /** Begins a fault under which the processes close. */
  #lastFault: () => Promise<void> = () => Promise.resolve()
  /** What began since then meets no fault, or none that it should notice. */
  #wellSince = 0
  #isLosing = false
  #slowestRecovery = 0
  #slowestRecoveryOf = "none"
  /** How long a process rests between two bursts of operations at most, in milliseconds. */
  #rest = 300

  constructor(
    options: SimulationOptions,
    loop: Loop,
    log: EventLog,
    random: Random,
    network: Network,
    account: Account
  ) {
    this.#options = options
    this.#loop = loop
    this.#log = log
    this.#random = random
    this.#network = network
    this.#account = account
    this.#topology = topologies[options.topology ?? "single"]({ network, account, random, sleep: this.#sleep })
  }

  figures() {
    const sum = (figure: (process: Callers) => number) => this.#processes.reduce((all, each) => all + figure(each), 0)
    return {
      operations: sum(({ operations }) => operations),
      succeeded: sum(({ succeeded }) => succeeded),
      slowest: Math.max(...this.#processes.map(({ slowest }) => slowest)),
      slowestRecovery: this.#slowestRecovery,
      slowestRecoveryOf: this.#slowestRecoveryOf,
      sometimes: this.#sometimes
    }
  }

  async run(): Promise<void> {
    const scopes = [await this.#start("A"), await this.#start("B")]
    for (const process of this.#processes) this.#askOn(process)
    await this.#weather()
    await this.#sleep(500)
    const fault = this.#lastFault()
    await this.#sleep(this.#random.below(200))
    await this.#close(scopes)
    await fault
    await this.#checkEnd()
  }

  get #isWrong(): boolean {
    return this.#account.wrong.length > 0
  }

  async #start(name: string): Promise<Scope.Closeable> {
    const { isNear } = this.#options
    const scope = await Effect.runPromise(Scope.make())
    const layer = this.#topology.layer({
      password: "secret",
      namespace: "sim",
      commandTimeout: deadline,
      pingInterval: 2_000,
      lookup: this.#lookup,
      nearCache: isNear ? { maxEntries: 8 } : undefined
    })
    const logger = Logger.make<unknown, void>(({ message }) => {
      this.#log.add(`${name} logs ${message}`)
      this.#count(`logs: ${message}`)
    })
    const built = await Effect.runPromise(
      Layer.buildWithScope(layer, scope).pipe(Effect.provide(Logger.layer([logger])))
    )
    const status = Context.get(built, RedisStatus)
    this.#processes.push(
      new Callers(name, Context.get(built, CachePort), {
        loop: this.#loop,
        log: this.#log,
        random: randomFrom(this.#options.seed + name.charCodeAt(0) * 1_009),
        account: this.#account,
        deadline,
        staleness: isNear ? deadline : 0,
        blocked: () => this.#blocked,
        blockedUntil: () => this.#blockedUntil,
        keyspaces: (key) => this.#topology.keyspaces(this.#loop.now >= this.#wellSince, key),
        isOneServer: this.#topology.isOneServer,
        count: (what) => this.#count(what),
        excuse: (began, isRead, failure) => {
          if (began < this.#wellSince) return "a fault"
          return isRead || !this.#isLosing || failure !== "ConnectionLost Unknown" ? undefined : "in flight at a cut"
        },
        isInOutage: () => this.#topology.isOneServer && Effect.runSync(status.current)._tag === "Down"
      })
    )
    return scope
  }

  readonly #lookup: LookupFunction = (hostname, _, callback) => {
    const begun = this.#loop.now
    const judge = () => {
      const { delay, fails } = this.#names
      if (delay === undefined || this.#loop.now - begun < delay) this.#loop.arrive(10, judge)
      else if (fails) callback(Object.assign(new Error("EAI_AGAIN"), { code: "EAI_AGAIN", hostname }), "", 4)
      else callback(null, [{ address: "10.0.0.1", family: 4 }])
    }
    this.#loop.arrive(0.3, judge)
  }

  /** Bursts of operations with rests between, until the end. */
  #askOn(process: Callers): void {
    const random = randomFrom(this.#options.seed + this.#processes.indexOf(process) + 77)
    const next = () => {
      if (this.#isEnding) return
      for (let count = 1 + random.below(5); count > 0; count--) process.ask()
      process.check()
      this.#loop.arrive(random.below(this.#rest), next)
    }
    next()
  }

  async #weather(): Promise<void> {
    const end = this.#options.hours * hour
    let queue: Array<string> = []
    const topology = this.#topology
    const all: Readonly<Record<string, Fault>> = { ...faults, ...topology.faults }
    const place: Place = {
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
        this.#blocked += millis
        this.#blockedUntil = this.#loop.now
      }
    }
    this.#lastFault = () => {
      const name = pick(this.#random, Object.keys(all))
      this.#wellSince = Number.POSITIVE_INFINITY
      this.#log.add(`fault begins, and the processes close: ${name}`)
      return all[name]?.({ ...place }, 500) ?? Promise.resolve()
    }
    while (this.#loop.now < end && !this.#isWrong) {
      if (queue.length === 0) queue = this.#random.shuffled(this.#options.only ?? Object.keys(all))
      this.#rest = pick(this.#random, [40, 200, 400, 800])
      const names = this.#random.below(4) === 0 ? [queue.pop(), queue.pop()] : [queue.pop()]
      const begun = names.filter((name) => name !== undefined)
      const title = begun.join(" and ")
      const millis = pick(this.#random, [100, 400, 700, 3_000])
      this.#log.add(`fault begins: ${title}, ${millis} ms`)
      const { now } = this.#loop
      const { attempts } = this.#network
      const soon = this.#network.latency <= 2
      const isUnnoticed = begun.every((name) => unnoticed.has(name) || (soon && losing.has(name)))
      this.#isLosing = begun.some((name) => losing.has(name))
      if (!isUnnoticed || begun.length > 1) this.#wellSince = Number.POSITIVE_INFINITY
      for (const name of begun) this.#count(`fault: ${name}`)
      await Promise.all(begun.map((name) => all[name]?.({ ...place }, millis * (0.5 + this.#random.next()))))
      this.#log.add(`fault ends: ${title}`)
      await this.#recovered(title)
      await this.#sleep(this.#topology.settleTime)
      this.#wellSince = Math.min(this.#wellSince, this.#loop.now)
      const tried = this.#network.attempts - attempts
      if (begun.every((name) => hopeless.has(name)) && tried > mostAttempts(this.#loop.now - now))
        this.#account.isWrong(`${tried} attempts to connect under ${title}`)
      this.#rest = pick(this.#random, [300, 1_000, 4_000])
      await this.#sleep(pick(this.#random, [50, 300, 1_000, 8_000]))
      this.#checkRest(title)
    }
    this.#isEnding = true
  }

  /** Probes each process until it succeeds. */
  async #recovered(title: string): Promise<void> {
    for (const process of this.#processes) {
      const since = this.#loop.now
      const blocked = this.#blocked
      await new Promise<void>((resolve) => {
        let isDone = false
        const done = () => {
          isDone = true
          resolve()
        }
        const probe = () => {
          if (isDone) return
          if (this.#loop.now - since > 10_000) return done()
          process.probe(done)
          this.#loop.arrive(25, probe)
        }
        probe()
      })
      const took = this.#loop.now - since - 2 * (this.#blocked - blocked)
      if (took > this.#slowestRecovery) {
        this.#slowestRecovery = took
        this.#slowestRecoveryOf = title
      }
      const most = this.#topology.longestRecovery + 12 * this.#network.latency
      if (took > most) this.#account.isWrong(`${took.toFixed(0)} ms until something succeeded after ${title}`)
    }
  }

  /** Nothing piles up. */
  #checkRest(title: string): void {
    const open = this.#network.connections.size
    if (open > this.#topology.mostConnections) this.#account.isWrong(`${open} connections after ${title}`)
    if (this.#loop.tasks.size > mostTasks * this.#topology.mostConnections)
      this.#account.isWrong(`${this.#loop.tasks.size} timers after ${title}`)
  }

  async #close(scopes: ReadonlyArray<Scope.Closeable>): Promise<void> {
    const since = this.#loop.now
    await Promise.all(scopes.map((scope) => Effect.runPromise(Scope.close(scope, Exit.void))))
    const took = this.#loop.now - since
    if (took > 500) this.#account.isWrong(`closing took ${took.toFixed(0)} ms`)
    // What ends with the close has a few turns for it.
    await this.#sleep(5)
    const referenced = [...this.#loop.tasks].filter((task) => task.hasRef())
    if (referenced.length > 0) this.#account.isWrong(`${referenced.length} timers are left behind the close`)
  }

  async #checkEnd(): Promise<void> {
    // A look-up that nobody waited for is kept for a second.
    await this.#sleep(1_500)
    for (const process of this.#processes) {
      for (const { name } of process.inFlight.values()) this.#account.isWrong(`${name} never ended`)
    }
    if (this.#loop.tasks.size > 0) this.#account.isWrong(`${this.#loop.tasks.size} timers are left`)
    const open = [...this.#network.connections].filter(({ socket }) => !socket.destroyed)
    if (open.length > 0) this.#account.isWrong(`${open.length} sockets are left`)
  }

  #count(what: string): void {
    this.#sometimes.set(what, (this.#sometimes.get(what) ?? 0) + 1)
  }

  readonly #sleep = (millis: number): Promise<void> => new Promise((resolve) => this.#loop.arrive(millis, resolve))
}

const pick = <A>(random: Random, items: ReadonlyArray<A>): A => items[random.below(items.length)] as A
