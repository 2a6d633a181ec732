/**
 * A seeded run of mixed operations from many fibers, with one fault after another between them and Redis.
 */
import { monitorEventLoopDelay } from "node:perf_hooks"
import { setTimeout as sleep } from "node:timers/promises"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { askRedis, FaultProxy, RedisServer } from "@hexcache/redis-testkit"
import { Context, Effect, Fiber, Layer, Logger } from "effect"
import { Asker, fibers } from "./Asker.ts"
import { faults } from "./faults.ts"
import { Ledger } from "./Ledger.ts"
import { Observed } from "./Observed.ts"
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

/** An operation that has not ended so long after its deadline never does, in milliseconds. */
const settleTime = 5_000

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
