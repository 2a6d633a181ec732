/**
 * A seeded run of mixed operations from many fibers, with one fault after another between them and Redis.
 */
import { monitorEventLoopDelay } from "node:perf_hooks"
import { setTimeout as sleep } from "node:timers/promises"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { CacheError, CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { askRedis, FaultProxy, RedisServer } from "@hexcache/redis-testkit"
import { Cause, Context, Effect, Exit, Fiber, Layer, Logger, Option } from "effect"
import { faults } from "./faults.ts"
import { Ledger, type Outcome } from "./Ledger.ts"
import { type Random, randomFrom } from "./random.ts"

/** How a storm goes. */
export interface StormOptions {
  /** Any number: the order of operations and faults follows from it. */
  readonly seed: number
  /** The time for which operations run. The last fault ends before. */
  readonly seconds: number
  /** True for a cache with a near cache. */
  readonly isNear: boolean
  /** A longer rest of each fiber between two operations, in milliseconds. Defaults to none. */
  readonly pause?: number
  /**
   * Allowance for a busy machine in the time in which something succeeds again after a fault, in milliseconds. Defaults
   * to none.
   */
  readonly patience?: number
}

/** The result of a storm. Times are in milliseconds. */
export interface StormReport {
  readonly seed: number
  readonly seconds: number
  readonly isNear: boolean
  /** How often each fault was caused. */
  readonly faults: Readonly<Record<string, number>>
  /** Faults after which nothing succeeded within three seconds. */
  readonly unrecovered: ReadonlyArray<string>
  /** From the end of a fault to the first success of what began after it: the slowest, and its fault. */
  readonly slowestRecovery: number
  readonly slowestRecoveryOf: string
  readonly operations: number
  readonly succeeded: number
  /** The number of operations that ended with each reason, or were interrupted. */
  readonly failures: Readonly<Record<string, number>>
  readonly unsettled: number
  /** The slowest operation, which one, and the fault that was on. */
  readonly slowest: number
  readonly slowestOperation: string
  readonly verified: number
  readonly counted: number
  readonly wrong: ReadonlyArray<string>
  /** Operations that waited at the same time, at most. */
  readonly mostInFlight: number
  /** Connections that were open at the same time, at most. */
  readonly mostConnections: number
  /** Growth of the heap, in bytes, after collecting garbage. */
  readonly heapGrowth: number
  /** How late this process's own event loop was, at most: what a busy machine adds to every time above. */
  readonly loopLag: number
}

/** By when every operation ends, in milliseconds. */
export const deadline = 100

const fibers = 100

/** An operation that has not ended so long after its deadline never does, in milliseconds. */
const settleTime = 5_000

type Cache = CachePort["Service"]

/** Runs a storm on a server of its own. */
export const run = (options: StormOptions): Promise<StormReport> =>
  Effect.runPromise(Effect.scoped(storm(options)).pipe(Effect.provide(Logger.layer([]))))

const storm = ({ isNear, patience = 0, pause = 0, seconds, seed }: StormOptions) =>
  Effect.gen(function* () {
    const server = yield* Effect.acquireRelease(
      Effect.promise(() => RedisServer.start()),
      (server) => Effect.promise(() => server.stop())
    )
    const proxy = yield* Effect.acquireRelease(
      Effect.promise(() => FaultProxy.start(server.port, { seed })),
      (proxy) => Effect.promise(() => proxy.stop())
    )
    const nearCache = isNear ? { maxEntries: 300 } : undefined
    const layer = CacheRedis.layer({ url: proxy.url, namespace: "storm", commandTimeout: deadline, nearCache })
    const cache = Context.get(yield* Layer.build(layer), CachePort)
    const observed = new Observed()
    const ledger = new Ledger()
    const random = randomFrom(seed)
    const lag = monitorEventLoopDelay({ resolution: 5 })
    lag.enable()
    const end = performance.now() + seconds * 1_000
    const asking = yield* Effect.forEach(Array.from({ length: fibers }), (_, index) =>
      Effect.forkChild(
        askUntil(end, pause, new Asker(index, cache, ledger, observed, randomFrom(seed * 1_000 + index)))
      )
    )
    yield* Effect.promise(() => observed.firstSuccess(5_000 + patience))
    const heapBefore = collectedHeap()
    const sampling = setInterval(() => {
      observed.mostConnections = Math.max(observed.mostConnections, proxy.open)
    }, 20)
    const weather = yield* Effect.promise(() =>
      causeFaults({ server, proxy, random, ledger, observed, end, isNear, patience })
    )
    yield* Effect.promise(async () => {
      await sleep(Math.max(0, end - performance.now()))
      while (observed.inFlight > 0 && performance.now() < end + settleTime) await sleep(10)
    })
    clearInterval(sampling)
    lag.disable()
    const unsettled = observed.inFlight
    yield* Effect.forEach(asking, (fiber) => Effect.forkDetach(Fiber.interrupt(fiber)))
    return {
      seed,
      seconds,
      isNear,
      ...weather,
      ...observed.figures(),
      unsettled,
      verified: ledger.verified,
      counted: ledger.counted,
      wrong: ledger.wrong,
      heapGrowth: collectedHeap() - heapBefore,
      loopLag: Math.round(lag.max / 1e6)
    }
  })

/** The observations of all operations together. */
class Observed {
  fault = "none"
  mostConnections = 0
  inFlight = 0
  #operations = 0
  #succeeded = 0
  #failures: Record<string, number> = {}
  #slowest = 0
  #slowestOperation = ""
  #mostInFlight = 0
  /** Told of the first success of what began after an instant. */
  #awaited: { readonly since: number; readonly tell: () => void } | undefined

  /** Milliseconds to the first success of what begins from now on, or undefined when there is none in time. */
  async firstSuccess(millis: number): Promise<number | undefined> {
    const since = performance.now()
    const seen = new Promise<number>((tell) => {
      this.#awaited = { since, tell: () => tell(performance.now() - since) }
    })
    return Promise.race([seen, sleep(millis, undefined, { ref: false })])
  }

  /** Observes an operation, from its beginning to its end. */
  observe<A>(name: string, asked: Effect.Effect<A, CacheError>): Effect.Effect<Exit.Exit<A, CacheError>> {
    return Effect.suspend(() => {
      const start = performance.now()
      const fault = this.fault
      this.#operations++
      this.#mostInFlight = Math.max(this.#mostInFlight, ++this.inFlight)
      return Effect.map(Effect.exit(asked), (exit) => {
        const millis = performance.now() - start
        this.inFlight--
        if (millis > this.#slowest) {
          this.#slowest = millis
          this.#slowestOperation = `${name}, begun under: ${fault}, ended under: ${this.fault}`
        }
        if (Exit.isSuccess(exit)) {
          this.#succeeded++
          if (this.#awaited !== undefined && start >= this.#awaited.since) {
            this.#awaited.tell()
            this.#awaited = undefined
          }
        } else {
          const reason = reasonOf(exit)
          this.#failures[reason] = (this.#failures[reason] ?? 0) + 1
        }
        return exit
      })
    })
  }

  figures() {
    return {
      operations: this.#operations,
      succeeded: this.#succeeded,
      failures: this.#failures,
      slowest: Math.round(this.#slowest),
      slowestOperation: this.#slowestOperation,
      mostInFlight: this.#mostInFlight,
      mostConnections: this.mostConnections
    }
  }
}

const reasonOf = (exit: Exit.Failure<unknown, CacheError>): string => {
  const error = Cause.squash(exit.cause)
  return error instanceof CacheError
    ? error.reason._tag
    : Cause.hasInterruptsOnly(exit.cause)
      ? "interrupted"
      : "defect"
}

const outcomeOf = (exit: Exit.Exit<unknown, CacheError>): Outcome => {
  if (Exit.isSuccess(exit)) return "Executed"
  const error = Cause.squash(exit.cause)
  return error instanceof CacheError ? error.outcome : "Unknown"
}

const valueKeys = 3
const groupKeys = 5
const counters = 10

/** One fiber of the storm: it writes keys of its own and reads everybody's. */
class Asker {
  readonly random: Random
  readonly #index: number
  readonly #cache: Cache
  readonly #ledger: Ledger
  readonly #observed: Observed
  /** The last sum of each counter that this fiber has seen. */
  #sums = new Map<string, number>()

  constructor(index: number, cache: Cache, ledger: Ledger, observed: Observed, random: Random) {
    this.#index = index
    this.#cache = cache
    this.#ledger = ledger
    this.#observed = observed
    this.random = random
  }

  /** The next operation. */
  readonly next = (): Effect.Effect<unknown> => {
    const dice = this.random.below(100)
    if (dice < 35) return this.#get()
    if (dice < 55) return this.#set(`value-${this.#index}-${this.random.below(valueKeys)}`)
    if (dice < 70) return this.#increment()
    if (dice < 80) return this.#getMany()
    if (dice < 87) return this.#setGroup()
    if (dice < 94) return this.#getGroup()
    if (dice < 97) return this.#set(`removed-${this.#index}`)
    return this.#removeMany()
  }

  /** Asks, and one time in twenty gives up before the end. */
  #ask<A>(name: string, asked: Effect.Effect<A, CacheError>): Effect.Effect<Exit.Exit<A, CacheError>> {
    if (this.random.below(20) > 0) return this.#observed.observe(name, asked)
    const millis = this.random.below(20)
    return this.#observed.observe(
      name,
      Effect.flatMap(Effect.forkChild(asked), (fiber) =>
        Effect.andThen(Effect.sleep(millis), Effect.andThen(Fiber.interrupt(fiber), Fiber.join(fiber)))
      )
    )
  }

  #text(key: string, version: number): string {
    return `${key}|${version}|${".".repeat(this.random.below(200))}`
  }

  #anyKey(): string {
    const fiber = this.random.below(fibers)
    return this.random.below(5) === 0 ? `removed-${fiber}` : `value-${fiber}-${this.random.below(valueKeys)}`
  }

  #get() {
    const key = this.#anyKey()
    const before = this.#ledger.beginRead(key)
    return Effect.map(this.#ask("get", this.#cache.get(key)), (exit) => {
      if (!Exit.isSuccess(exit)) return
      this.#ledger.endRead(key, key, Option.getOrUndefined(exit.value), before, key.startsWith("removed"))
    })
  }

  #getMany() {
    const keys = Array.from(new Set(Array.from({ length: 1 + this.random.below(20) }, () => this.#anyKey())))
    const before = new Map(keys.map((key) => [key, this.#ledger.beginRead(key)]))
    return Effect.map(this.#ask("getMany", this.#cache.getMany(keys)), (exit) => {
      if (!Exit.isSuccess(exit)) return
      for (const [key, known] of before) {
        const text = Option.getOrUndefined(exit.value.get(key) ?? Option.none())
        this.#ledger.endRead(key, key, text, known, key.startsWith("removed"))
      }
    })
  }

  #set(key: string) {
    const writing = this.#ledger.beginWrite(key)
    return Effect.map(this.#ask("set", this.#cache.set(key, this.#text(key, writing.version))), (exit) =>
      this.#ledger.endWrite(writing, outcomeOf(exit))
    )
  }

  #setGroup() {
    const group = `group-${this.#index}`
    const writing = this.#ledger.beginWrite(group)
    const entries = groupOf(group).map((key) => [key, this.#text(key, writing.version)] as const)
    return Effect.map(this.#ask("setMany", this.#cache.setMany(entries)), (exit) =>
      this.#ledger.endWrite(writing, outcomeOf(exit))
    )
  }

  #getGroup() {
    const group = `group-${this.random.below(fibers)}`
    const before = this.#ledger.beginRead(group)
    return Effect.map(this.#ask("getMany", this.#cache.getMany(groupOf(group))), (exit) => {
      if (!Exit.isSuccess(exit)) return
      const versions = Array.from(exit.value, ([key, text]) =>
        this.#ledger.endRead(group, key, Option.getOrUndefined(text), before)
      )
      this.#ledger.isOneVersion(group, versions)
    })
  }

  #removeMany() {
    const key = `removed-${this.#index}`
    this.#ledger.beginRemoval(key)
    return this.#ask("deleteMany", this.#cache.deleteMany([key, `never-${this.#index}`]))
  }

  #increment() {
    const { epoch } = this.#ledger
    const key = `count-${this.random.below(counters)}-${epoch}`
    const counter = this.#ledger.counter(key)
    counter.issued++
    const last = this.#sums.get(key) ?? 0
    return Effect.map(this.#ask("increment", this.#cache.increment(key)), (exit) => {
      const outcome = outcomeOf(exit)
      if (outcome === "Executed") counter.acknowledged++
      if (outcome === "NotExecuted") counter.notExecuted++
      if (!Exit.isSuccess(exit) || epoch !== this.#ledger.epoch) return
      // Within one life of the server, whoever counts sees larger and larger sums.
      if (exit.value <= last || exit.value > counter.issued) this.#ledger.isWrongCount(key, exit.value, last)
      this.#sums.set(key, exit.value)
    })
  }
}

const groupOf = (group: string): ReadonlyArray<string> =>
  Array.from({ length: groupKeys }, (_, index) => `${group}-${index}`)

const askUntil = (end: number, pause: number, asker: Asker): Effect.Effect<void> =>
  Effect.gen(function* () {
    while (performance.now() < end) {
      yield* asker.next()
      yield* Effect.sleep(pause + asker.random.below(40))
    }
  })

/** The longest time between the beginning of a fault and the first success after it, in milliseconds. */
const longestFault = 4_000

/** Nothing has recovered from a fault that takes longer, in milliseconds. */
const mostRecovery = 3_000

const causeFaults = async ({
  end,
  isNear,
  ledger,
  observed,
  patience,
  proxy,
  random,
  server
}: {
  readonly server: RedisServer
  readonly proxy: FaultProxy
  readonly random: Random
  readonly ledger: Ledger
  readonly observed: Observed
  readonly end: number
  readonly isNear: boolean
  readonly patience: number
}) => {
  const caused: Record<string, number> = {}
  const unrecovered: Array<string> = []
  let slowestRecovery = 0
  let slowestRecoveryOf = ""
  let queue: Array<string> = []
  const count = () =>
    ledger.count(async (key) => {
      // Beside the proxy, as numbers: an absent counter is 0.
      const text = await askRedis(server.url, ["EVAL", "return redis.call('GET', KEYS[1]) or '0'", "1", `storm:${key}`])
      return Number(text)
    })
  const onLoss = async () => {
    if (ledger.epoch % 2 === 0) await count()
    // The values of a killed server may be read from memory for that long.
    else if (isNear) await sleep(deadline)
    ledger.nextEpoch()
  }
  const place = { server, proxy, random, onLoss }
  while (performance.now() + longestFault < end) {
    if (queue.length === 0) queue = random.shuffled(Object.keys(faults))
    const name = queue.pop() as string
    caused[name] = (caused[name] ?? 0) + 1
    observed.fault = name
    await faults[name]?.(place, 100 + random.below(500))
    const recovery = await observed.firstSuccess(mostRecovery + patience)
    observed.fault = `after ${name}`
    if (recovery === undefined) unrecovered.push(name)
    else if (recovery > slowestRecovery) {
      slowestRecovery = Math.round(recovery)
      slowestRecoveryOf = name
    }
    await sleep(100 + random.below(400))
    await count()
  }
  observed.fault = "none"
  return { faults: caused, unrecovered, slowestRecovery, slowestRecoveryOf }
}

/** Bytes of the heap once garbage is collected. */
const collectedHeap = (): number => {
  setFlagsFromString("--expose-gc")
  const collect: () => void = runInNewContext("gc")
  collect()
  return process.memoryUsage().heapUsed
}
