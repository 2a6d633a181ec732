/**
 * The in-memory adapter: Redis's semantics without a server. The fake of the tests, and the cache of a single process.
 *
 * @module
 */
import {
  Async,
  type CacheDriver,
  CacheError,
  CachePort,
  Counter,
  DriverFailure,
  type FromDriverOptions,
  Glob,
  InvalidArgument,
  OutOfMemory,
  TimeToLive,
  utf8Length
} from "@hexcache/cache-port"
import { Clock, Config, Duration, Effect, type Fiber, Layer, Option, type Scope, Stream } from "effect"
import { instantOf } from "./Instant.ts"
import { Store } from "./Store.ts"
import * as Sweep from "./Sweep.ts"
import { nextTurn, runForATurn, runInTurns } from "./Turns.ts"

/** Options of a memory cache: its namespace and its bounds. */
export interface CacheMemoryOptions extends FromDriverOptions {
  /** The most entries, a positive integer. Without bound unless given; no cache holds more than 2^26. */
  readonly maxEntries?: number | undefined
  /**
   * The most bytes of UTF-8 in keys and values together, a positive integer. Without bound unless given. An entry that
   * is larger by itself is refused with `OutOfMemory`. Keys and values are copied then: one that was cut from a larger
   * text (by `slice`, for example) would keep all of that alive, as it does in a cache without this bound.
   */
  readonly maxBytes?: number | undefined
}

/** The layer of a cache in memory. */
export const layer: {
  /**
   * A cache in this process's memory without bounds, empty, and gone with the layer's scope. It cannot fail. Time is the
   * monotonic one of Effect's `Clock`, so it runs under `TestClock`.
   *
   * @example
   * ```ts
   * program.pipe(Effect.provide(CacheMemory.layer()))
   * ```
   */
  (): Layer.Layer<CachePort>
  /**
   * A cache in this process's memory, empty, and gone with the layer's scope.
   *
   * Time is the monotonic one of Effect's `Clock`: it runs under `TestClock`, and a wall clock that is set changes
   * nothing. Expired entries are reclaimed without being read: a few by every write, all before anything live is evicted,
   * and the rest about every second by a timer that does not keep the process alive.
   *
   * Batches of up to 1,000 keys or entries are one step. Larger ones, `scan`, `deletePattern` and `flush` of a namespace
   * let other callers have a turn each few milliseconds, by something that fake timers of a test runner leave alone.
   *
   * A full cache evicts what is likely to be missed least: entries that are used often outlast a scan or a loop of
   * others, and where the most recently used are the best to keep, those are kept. Reads and writes are uses; `exists`,
   * `ttl` and `expire` are none. What was just written is never evicted by its own write.
   *
   * Beside its key and value, an entry takes 50 to 80 bytes of heap without bounds, and 120 to 170 with them, the record
   * of recent evictions included (measured on Node 24 with 100,000 entries, the more with a time to live each).
   *
   * Fails with `InvalidArgument` on options out of range.
   *
   * @example
   * ```ts
   * program.pipe(Effect.provide(CacheMemory.layer({ maxBytes: 100_000_000 })))
   * ```
   */
  (options: CacheMemoryOptions): Layer.Layer<CachePort, CacheError>
} = (options: CacheMemoryOptions = {}): Layer.Layer<CachePort> =>
  // Without options there is nothing to refuse, which the first signature says.
  CachePort.layerFromDriver(make(options), options, Object.keys(ownOptions)) as Layer.Layer<CachePort>

/**
 * A cache in this process's memory, as `layer` makes it, with the options from Effect's `Config`.
 *
 * @example
 * ```ts
 * CacheMemory.layerConfig({ maxBytes: Config.withDefault(Config.Int("CACHE_MAX_BYTES"), 100_000_000) })
 * ```
 */
export const layerConfig = (
  options: Config.Wrap<CacheMemoryOptions>
): Layer.Layer<CachePort, CacheError | Config.ConfigError> =>
  Layer.unwrap(Effect.map(Config.unwrap(options), (options) => layer(options)))

const ownOptions: Record<Exclude<keyof CacheMemoryOptions, keyof FromDriverOptions>, true> = {
  maxEntries: true,
  maxBytes: true
}

const make = (options: CacheMemoryOptions): Effect.Effect<CacheDriver, CacheError, Scope.Scope> =>
  Effect.gen(function* () {
    const store = new Store({
      maxEntries: yield* bound("maxEntries", () => options.maxEntries),
      maxBytes: yield* bound("maxBytes", () => options.maxBytes),
      weigh: (key, value) => utf8Length(key) + utf8Length(value)
    })
    const sweep = yield* Effect.acquireRelease(
      Effect.sync(() => Sweep.start(store)),
      (sweep) => Effect.sync(sweep.stop)
    )
    return driver(store, sweep.saw)
  })

const bound = (name: string, read: () => number | undefined): Effect.Effect<number, CacheError> =>
  Effect.try({
    try: () => {
      const value = read() ?? Infinity
      if (value === Infinity || (Number.isSafeInteger(value) && value > 0)) return value
      throw new RangeError()
    },
    catch: () =>
      new CacheError({
        operation: "layer",
        reason: new InvalidArgument({ message: `${name} is a positive integer` })
      })
  })

/** Keys or entries of a batch that are one atomic step; a larger batch is carried out in parts, in several turns. */
const batchAtOnce = 1_000

/** Places of the store that one step of a walk looks at, and matches of a pattern that one page has at most. */
const placesAtOnce = 100
const keysOfPage = 1_000

/** Steps of one match before the clock is looked at. */
const matchAtOnce = 10_000

type Caller = Fiber.Fiber<unknown, unknown>

const driver = (store: Store, saw: (clock: Clock.Clock) => void): CacheDriver => {
  /** The time, or any number where nothing depends on it: asking the clock costs more than a look-up. */
  const timeOf = (fiber: Caller, ttl: number | undefined): number => {
    if (ttl === undefined && !store.expires) return 0
    const clock = fiber.getRef(Clock.Clock)
    saw(clock)
    return instantOf(clock)
  }

  const at = <A>(run: (now: number) => A): Effect.Effect<A> =>
    Effect.withFiberSucceed((fiber) => run(timeOf(fiber, undefined)))

  const soon = <A>(run: (fiber: Caller) => A | DriverFailure): Effect.Effect<A, DriverFailure> =>
    Effect.withFiber((fiber) => {
      const answer = run(fiber)
      return answer instanceof DriverFailure ? Effect.fail(answer) : Effect.succeed(answer)
    })

  /** As `at`, for what may write with a time to live: tells when that is over. */
  const writing = <A>(
    ttl: number | undefined,
    run: (now: number, expiresAt: number) => A | DriverFailure
  ): Effect.Effect<A, DriverFailure> =>
    soon((fiber) => {
      const now = timeOf(fiber, ttl)
      return run(now, ttl === undefined ? Infinity : now + ttl)
    })

  const tooLarge = () =>
    new DriverFailure(new OutOfMemory({ message: "the entry alone is larger than maxBytes of the memory cache" }))

  const full = () => new DriverFailure(new OutOfMemory({ message: "a memory cache has at most 2^26 entries" }))

  const refusalOf = (entries: ReadonlyArray<readonly [key: string, value: string]>): DriverFailure | undefined => {
    if (!entries.every(([key, value]) => store.fits(key, value))) return tooLarge()
    return store.hasRoom(entries.length) ? undefined : full()
  }

  /** A batch in one step, or in parts, each one step; the parts after the first few milliseconds in later turns. */
  const inParts = <I>(
    items: ReadonlyArray<I>,
    ttl: number | undefined,
    run: (item: I, now: number) => void
  ): Effect.Effect<void> =>
    Effect.withFiber((fiber) => {
      let done = 0
      return runInTurns(() => {
        const now = timeOf(fiber, ttl)
        const end = Math.min(done + batchAtOnce, items.length)
        while (done < end) run(items[done++] as I, now)
        return done === items.length
      })
    })

  /** Visits live keys that match, step by step; a step returns true when `visit` does, or at the end of the walk. */
  const walk = (pattern: string, visit: (key: string, now: number) => boolean) => {
    const glob = Glob.compile(pattern)
    const next = store.walk()
    let isOver = typeof glob === "string"
    /** A match that has taken several steps, and is not decided yet. */
    let matching: { readonly key: string; readonly decide: (steps: number) => boolean | undefined } | undefined
    const step = (fiber: Caller): boolean => {
      if (typeof glob === "string") return true
      const now = timeOf(fiber, undefined)
      for (let places = 0; places < placesAtOnce; places++) {
        const key: string | undefined = matching?.key ?? next()
        if (key === undefined) {
          isOver = true
          return true
        }
        if (key === "") continue
        const decide: (steps: number) => boolean | undefined = matching?.decide ?? glob.begin(key)
        const isMatch = decide(matchAtOnce)
        matching = isMatch === undefined ? { key, decide } : undefined
        if (matching !== undefined) return false
        if (isMatch === true && store.has(key, now) && visit(key, now)) return true
      }
      return false
    }
    return { step, isOver: () => isOver }
  }

  /** Pages of keys that match, each found in a turn of its own. */
  const pages = (pattern: string): Stream.Stream<ReadonlyArray<string>> => {
    let page: Array<string> = []
    const { isOver, step } = walk(pattern, (key) => page.push(key) === keysOfPage)
    const nextPage = Effect.withFiberSucceed((fiber) => {
      page = []
      runForATurn(() => step(fiber))
      return [[page], isOver() ? Option.none() : Option.some(nextTurn)] as const
    })
    return Stream.paginate(Effect.void, (turn: Effect.Effect<void>) => Effect.andThen(turn, nextPage))
  }

  const syncOperations = (prefix: string) => ({
    get: (key: string, fiber: Caller) => store.get(prefix + key, timeOf(fiber, undefined)),

    getMany: (keys: ReadonlyArray<string>, fiber: Caller) => {
      if (keys.length > batchAtOnce) return Async
      const now = timeOf(fiber, undefined)
      return keys.map((key) => store.get(prefix + key, now))
    },

    set: (name: string, value: string, ttl: number | undefined, fiber: Caller) => {
      const key = prefix + name
      if (!store.fits(key, value)) return tooLarge()
      const now = timeOf(fiber, ttl)
      return store.set(key, value, ttl === undefined ? Infinity : now + ttl, now) ? undefined : full()
    },

    increment: (name: string, amount: number, ttl: number | undefined, fiber: Caller) => {
      const key = prefix + name
      const now = timeOf(fiber, ttl)
      const stored = store.get(key, now)
      const sum = Counter.add(stored ?? "0", amount)
      if (typeof sum !== "number") return sum
      const text = String(sum)
      if (!store.fits(key, text)) return tooLarge()
      const fresh = ttl === undefined ? Infinity : now + ttl
      const expiresAt = stored === undefined ? fresh : (store.expiresAt(key, now) ?? Infinity)
      return store.set(key, text, expiresAt, now) ? sum : full()
    }
  })

  const sync = syncOperations("")

  return {
    fastPaths: (prefix) => ({ sync: syncOperations(prefix) }),

    get: (key) => soon((fiber) => sync.get(key, fiber)),

    getMany: (keys) =>
      Effect.suspend(() => {
        const values: Array<string | undefined> = []
        const read = inParts(keys, undefined, (key, now) => values.push(store.get(key, now)))
        return Effect.as(read, values)
      }),

    set: (key, value, ttl) => soon((fiber) => sync.set(key, value, ttl, fiber)),

    setMany: (entries, ttl) =>
      Effect.suspend(() => {
        const refusal = refusalOf(entries)
        if (refusal !== undefined) return Effect.fail(refusal)
        return inParts(entries, ttl, ([key, value], now) =>
          store.set(key, value, ttl === undefined ? Infinity : now + ttl, now)
        )
      }),

    setIfAbsent: (key, value, ttl) =>
      writing(ttl, (now, expiresAt) => {
        if (store.has(key, now)) return false
        if (!store.fits(key, value)) return tooLarge()
        return store.set(key, value, expiresAt, now) || full()
      }),

    deleteMany: (keys) =>
      Effect.suspend(() => {
        let removed = 0
        const removal = inParts(keys, undefined, (key, now) => {
          if (store.delete(key, now)) removed++
        })
        return Effect.map(removal, () => removed)
      }),

    getAndDelete: (key) =>
      at((now) => {
        const value = store.get(key, now)
        store.delete(key, now)
        return value
      }),

    compareAndDelete: (key, expected) => at((now) => store.get(key, now) === expected && store.delete(key, now)),

    getAndExpire: (key, ttl) =>
      writing(ttl, (now, expiresAt) => {
        const value = store.get(key, now)
        store.expire(key, expiresAt, now)
        return value
      }),

    compareAndExpire: (key, expected, ttl) =>
      writing(ttl, (now, expiresAt) => store.get(key, now) === expected && store.expire(key, expiresAt, now)),

    exists: (key) => at((now) => store.has(key, now)),

    expire: (key, ttl) =>
      writing(ttl, (now, expiresAt) => (ttl === 0 ? store.delete(key, now) : store.expire(key, expiresAt, now))),

    ttl: (key) =>
      at((now) => {
        const expiresAt = store.expiresAt(key, now)
        if (expiresAt === undefined) return TimeToLive.Missing()
        if (expiresAt === Infinity) return TimeToLive.Persistent()
        // A sum of long times is not exact, and may round up to more than the ttl.
        return TimeToLive.Expires({ remaining: Duration.millis(Math.min(expiresAt - now, Number.MAX_SAFE_INTEGER)) })
      }),

    increment: (key, amount, ttl) => soon((fiber) => sync.increment(key, amount, ttl, fiber)),

    scan: (pattern) => Stream.suspend(() => pages(pattern)),

    scansOnce: true,

    deletePattern: (pattern) =>
      Effect.withFiber((fiber) => {
        let removed = 0
        const { step } = walk(pattern, (key, now) => {
          if (store.delete(key, now)) removed++
          return false
        })
        return Effect.map(
          runInTurns(() => step(fiber)),
          () => removed
        )
      }),

    flush: Effect.sync(() => store.clear()),

    ping: Effect.void
  }
}
