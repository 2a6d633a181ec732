/**
 * The SQLite adapter: a cache in a file, which outlives its process, for tools, single servers and edge boxes.
 *
 * @module
 */
import { type CacheDriver, CacheError, CachePort, type FromDriverOptions, InvalidArgument } from "@hexcache/cache-port"
import { Duration, Effect, type Layer, type Scope } from "effect"
import { Connection } from "./Connection.ts"
import { driverOf } from "./SqliteDriver.ts"

/** Options of a cache in a file: where it is, and its bounds. */
export interface CacheSqliteOptions extends FromDriverOptions {
  /** The file, made with its folder where it is not there yet; or `:memory:`. */
  readonly path: string
  /**
   * The most bytes of UTF-8 in keys and values together: a positive integer, or infinity for no bound. 1 GiB by default. The
   * file is larger by what SQLite needs, about 150 bytes an entry, and never shrinks. An entry that is larger by itself is
   * refused with `OutOfMemory`.
   */
  readonly maxBytes?: number | undefined
  /**
   * The longest time that an operation waits for other processes to release their lock, 1 ms to 1 hour. Then it fails with
   * `TimedOut`, and has done nothing. 250 ms by default.
   */
  readonly commandTimeout?: Duration.Input | undefined
}

/**
 * A cache in a SQLite database, which several processes may have open at once.
 *
 * The file is opened by the first operation, and again after a failure. A layer always builds, but for options out of range,
 * which fail it with `InvalidArgument`. A file that is no database, or broken, is renamed to `path.corrupt`, with a warning
 * in the log, and the cache begins empty. A full disk fails writes with `OutOfMemory`; a file that cannot be opened fails
 * every operation with `Unavailable`, for half a second at once before it is tried again.
 *
 * SQLite works on the thread of its caller. An operation holds the event loop for one key, or 1,000 entries, at a time, and
 * never waits there for a lock: it tries again in later turns, until `commandTimeout`. `scan` and `deletePattern` read only
 * keys that begin with the literal beginning of their pattern, in turns of a few milliseconds.
 *
 * Time is that of Effect's `Clock`, since values outlive their process. Expired entries are absent at once; a few are removed
 * by every write, and the rest about every second. A full cache evicts what was used least recently: the soonest to expire
 * may be the most used, and what never expires would stay for ever. Reads and writes are uses, and a read within a minute of
 * the last use counts as that one, so that reads seldom write. A write evicts at most 256 others, and leaves what is still
 * over the bound to the next turns.
 *
 * A transaction that was acknowledged survives the end of its process, and may be lost with the machine's power.
 *
 * @example
 * ```ts
 * program.pipe(Effect.provide(CacheSqlite.layer({ path: ".cache/tool.db", namespace: "tool" })))
 * ```
 */
export const layer = (options: CacheSqliteOptions): Layer.Layer<CachePort, CacheError> =>
  CachePort.layerFromDriver(make(options), options, Object.keys(ownOptions))

const ownOptions: Record<Exclude<keyof CacheSqliteOptions, keyof FromDriverOptions>, true> = {
  path: true,
  maxBytes: true,
  commandTimeout: true
}

const defaultMaxBytes = 2 ** 30
const defaultTimeout = 250
const hour = 3_600_000

const make = (options: CacheSqliteOptions): Effect.Effect<CacheDriver, CacheError, Scope.Scope> =>
  Effect.gen(function* () {
    const path = yield* checked("path is the name of a file", () => options.path, isPath)
    const maxBytes = yield* checked(
      "maxBytes is a positive integer, or infinity",
      () => options.maxBytes ?? defaultMaxBytes,
      (bytes) => bytes === Infinity || (Number.isSafeInteger(bytes) && bytes > 0)
    )
    const timeout = yield* checked(
      "commandTimeout is 1 ms to 1 hour",
      () => Duration.toMillis(Duration.fromInputUnsafe(options.commandTimeout ?? defaultTimeout)),
      (millis) => millis >= 1 && millis <= hour
    )
    const context = yield* Effect.context<never>()
    const warn = (aside: string): void =>
      void Effect.runForkWith(context)(
        Effect.logWarning(`The file of the cache was broken. It is kept as ${aside}, and the cache begins empty.`)
      )
    return yield* driverOf(new Connection(path, maxBytes, warn), timeout)
  })

const isPath = (path: unknown): boolean => typeof path === "string" && path !== "" && !path.includes("\0")

const checked = <A>(message: string, read: () => A, isValid: (value: A) => boolean): Effect.Effect<A, CacheError> =>
  Effect.try({
    try: () => {
      const value = read()
      if (isValid(value)) return value
      throw new RangeError()
    },
    catch: () => new CacheError({ operation: "layer", reason: new InvalidArgument({ message }) })
  })
