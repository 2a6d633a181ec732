/**
 * The port: what domain code asks of a cache.
 */
import { Context, type Duration, Effect, Layer, type Option, type Schema, type Scope, type Stream } from "effect"
import type { CacheDriver } from "./CacheDriver.ts"
import type { CacheError } from "./CacheError.ts"
import { finishWrites } from "./internal/Closing.ts"
import * as Port from "./internal/Port.ts"
import { ready } from "./internal/Ready.ts"
import type { TimeToLive } from "./TimeToLive.ts"

/** How a value is written. */
export interface SetOptions {
  /**
   * Over zero and at most 2^53 - 1 ms, rounded up to whole milliseconds; a bare number is milliseconds. Without it, or
   * with `Duration.infinity`, the key never expires.
   */
  readonly ttl?: Duration.Input | undefined
}

/** How a port is made from a driver. */
export interface FromDriverOptions {
  /**
   * Put in front of every key with a `:`, so that several uses share a store. A `:` inside it is encoded, so that no
   * namespace reaches into another. Empty, which is the default, means that the whole store belongs to this port.
   */
  readonly namespace?: string | undefined
  /** The most bytes of UTF-8 in a value. 32 MiB unless given. */
  readonly maxValueBytes?: number | undefined
}

/** How long to wait for a cache. */
export interface ReadyOptions {
  /** Over zero; a bare number is milliseconds. Without it, or with `Duration.infinity`, as long as it takes. */
  readonly timeout?: Duration.Input | undefined
}

/**
 * A cache, free of vendors. Domain code depends on this service alone; a composition root provides it by the layer of
 * an adapter.
 *
 * Every failure is a `CacheError`. Input is checked before any I/O, when the operation is called: a key is well-formed
 * Unicode of 1 to 65,536 bytes of UTF-8, a value well-formed Unicode of at most `maxValueBytes`. Bad input fails with
 * `InvalidArgument`, also from untyped callers, and so does an option that there is not; nothing throws.
 *
 * A key that holds another type of the store's than text reads as absent, exists, and can be overwritten and deleted.
 *
 * @example
 * ```ts
 * const greeting = Effect.gen(function*() {
 *   const cache = yield* CachePort
 *   yield* cache.set("greeting", "hello", { ttl: "5 minutes" })
 *   return yield* cache.get("greeting")
 * })
 * greeting // => Option.some("hello")
 * ```
 */
export class CachePort extends Context.Service<
  CachePort,
  {
    /** The value; none when absent or expired. */
    readonly get: (key: string) => Effect.Effect<Option.Option<string>, CacheError>
    /** The value parsed as JSON. Text that does not parse fails with `InvalidValue`, which quotes nothing of it. */
    readonly getJson: (key: string) => Effect.Effect<Option.Option<Schema.Json>, CacheError>
    /** Replaces value and time to live; without `ttl` the key never expires. */
    readonly set: (key: string, value: string, options?: SetOptions) => Effect.Effect<void, CacheError>
    /**
     * As `set`, with the value written by `JSON.stringify`. What that refuses or turns into nothing (`undefined`,
     * functions, symbols, BigInt, cycles, a throwing `toJSON`, too deep) fails with `InvalidValue` and writes nothing.
     */
    readonly setJson: (key: string, value: Schema.Json, options?: SetOptions) => Effect.Effect<void, CacheError>
    /** Sets and answers true when the key is absent, in one atomic step. */
    readonly setIfAbsent: (key: string, value: string, options?: SetOptions) => Effect.Effect<boolean, CacheError>
    /** Removes a key. True when a live key was removed. */
    readonly delete: (key: string) => Effect.Effect<boolean, CacheError>
    /** Removes keys and answers how many were live. A repeated key counts once. */
    readonly deleteMany: (keys: Iterable<string>) => Effect.Effect<number, CacheError>
    /** Reads and removes in one atomic step. */
    readonly getAndDelete: (key: string) => Effect.Effect<Option.Option<string>, CacheError>
    /** Removes the key only while its value equals `expected`, in one atomic step: releases a lock for its owner alone. */
    readonly compareAndDelete: (key: string, expected: string) => Effect.Effect<boolean, CacheError>
    /** Whether the key is live. */
    readonly exists: (key: string) => Effect.Effect<boolean, CacheError>
    /**
     * Gives a live key a new time to live; false when absent. A zero ttl deletes at once and answers true;
     * `Duration.infinity` lets the key never expire.
     */
    readonly expire: (key: string, ttl: Duration.Input) => Effect.Effect<boolean, CacheError>
    /** What is left of the key's life: `Missing`, `Persistent` or `Expires`. */
    readonly ttl: (key: string) => Effect.Effect<TimeToLive, CacheError>
    /**
     * Adds `amount`, a safe integer (1 unless given), and answers the result, in one atomic step. An absent key counts
     * from 0; `ttl` is set only when this call creates the key; an existing time to live stays.
     *
     * Fails with `WrongType` unless the stored text is a canonical 64-bit decimal, and with `OutOfRange` when the result
     * is not a safe integer; both leave the value unchanged.
     */
    readonly increment: (key: string, amount?: number, options?: SetOptions) => Effect.Effect<number, CacheError>
    /** As `increment`, with the amount taken away. */
    readonly decrement: (key: string, amount?: number, options?: SetOptions) => Effect.Effect<number, CacheError>
    /**
     * Every key asked for, in the order asked, with its value. Up to 100 keys as of one moment on one node, beyond that in
     * parts, each as of one moment; per slot on a cluster. Empty in, empty out, no I/O.
     */
    readonly getMany: (keys: Iterable<string>) => Effect.Effect<ReadonlyMap<string, Option.Option<string>>, CacheError>
    /**
     * Sets every entry, each as `set` does. Atomic on one node up to 1,000 entries, beyond that in parts, each atomic; per
     * slot on a cluster. The last of a repeated key wins.
     */
    readonly setMany: (
      entries: Iterable<readonly [key: string, value: string]>,
      options?: SetOptions
    ) => Effect.Effect<void, CacheError>
    /**
     * Removes the keys of this namespace that match a `Glob` and answers how many were removed, without holding up other
     * callers meanwhile. Keys written while it runs may stay.
     */
    readonly deletePattern: (pattern: string) => Effect.Effect<number, CacheError>
    /**
     * Each live key of this namespace that matches a `Glob`, once, in no order. Keys written while it runs may be left out.
     * Where the store may name a key twice, as Redis does, the keys seen are held in memory.
     */
    readonly scan: (pattern: string) => Stream.Stream<string, CacheError>
    /** Removes this namespace's keys and nobody else's. */
    readonly flush: Effect.Effect<void, CacheError>
    /** A round trip to every place of the store that takes writes. */
    readonly ping: Effect.Effect<true, CacheError>
  }
>()("@hexcache/cache-port/CachePort") {
  /**
   * Makes a port from an adapter's driver: checks input, adds the namespace, reads and writes JSON, counts hits and
   * misses, and gives errors their context. Options that break a law make every operation fail with `InvalidArgument`.
   */
  static fromDriver(driver: CacheDriver, options: FromDriverOptions = {}): CachePort["Service"] {
    return Port.fromDriver(driver, options)
  }

  /**
   * The layer of an adapter: makes the driver in the layer's scope, and a port from it. A scope that closes waits up to
   * 200 ms for what a `Cached` is just writing, before it closes the driver. Options that break a law fail
   * the layer with `InvalidArgument`, before the driver is made. Given the names of the adapter's own options, the layer
   * fails on any other: a misspelt one would be left out without a word.
   */
  static layerFromDriver<R>(
    driver: Effect.Effect<CacheDriver, CacheError, R>,
    options: FromDriverOptions = {},
    names?: ReadonlyArray<string>
  ): Layer.Layer<CachePort, CacheError, Exclude<R, Scope.Scope>> {
    return Layer.effect(
      CachePort,
      Effect.flatMap(Port.checkOptions(options, names), () =>
        Effect.flatMap(driver, (driver) => {
          const port = CachePort.of(Port.fromDriver(driver, options))
          return Effect.as(
            Effect.addFinalizer(() => finishWrites(port)),
            port
          )
        })
      )
    )
  }

  /**
   * A part of a cache as a cache of its own: its keys are `namespace:key` within the outer one, and its `scan`,
   * `deletePattern` and `flush` see nothing else. It counts under its own name in `CacheStats`.
   */
  static namespaced(cache: CachePort["Service"], namespace: string): CachePort["Service"] {
    return Port.namespaced(cache, namespace)
  }

  /**
   * Waits until a cache works: until a `ping` succeeds, with a pause of 50 ms behind each that fails. Fails with
   * `Unavailable` when `timeout` is over, whose message and `serverCode` say why the last `ping` failed.
   *
   * For a job that is of no use without its cache, or a check after a deploy. Nothing else has to wait: a layer builds
   * without its store, and whether a service is ready should not depend on its cache.
   *
   * @example
   * ```ts
   * const greeted = Effect.andThen(CachePort.ready(cache, { timeout: "5 seconds" }), cache.get("greeting"))
   * ```
   */
  static ready(cache: CachePort["Service"], options: ReadyOptions = {}): Effect.Effect<void, CacheError> {
    return ready(cache, options)
  }
}
