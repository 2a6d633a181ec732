/**
 * The operations of a cache: the interface of the service `CachePort`.
 */
import type { Duration, Effect, Option, Schema, Stream } from "effect"
import type { CacheError } from "./CacheError.ts"
import type { TimeToLive } from "./TimeToLive.ts"

/** The options of a write. */
export interface SetOptions {
  /**
   * Time to live: over zero and at most 2^53 - 1 ms, rounded up to whole milliseconds; a bare number is milliseconds.
   * Without it, or with `Duration.infinity`, the key never expires.
   */
  readonly ttl?: Duration.Input | undefined
}

/**
 * The operations of a cache. Each validates its input when it is called, before any I/O, and fails with `InvalidArgument`
 * on a key, value, option, amount or pattern out of range. `CachePort` has these laws.
 */
export interface CacheOperations {
  /** Reads a value; none when the key is absent or expired. */
  readonly get: (key: string) => Effect.Effect<Option.Option<string>, CacheError>
  /** Reads a value as JSON, which a schema may decode. */
  readonly getJson: {
    /** Reads a value and parses it as JSON. Text that does not parse fails with `InvalidValue`, which quotes nothing of it. */
    (key: string): Effect.Effect<Option.Option<Schema.Json>, CacheError>
    /**
     * Reads a value and decodes its JSON by a schema. Text that does not parse, and JSON that the schema refuses, fails with
     * `InvalidValue`, which quotes nothing of it.
     */
    <A>(key: string, schema: Schema.Decoder<A> | undefined): Effect.Effect<Option.Option<A>, CacheError>
  }
  /** Replaces value and time to live; without `ttl` the key never expires. */
  readonly set: (key: string, value: string, options?: SetOptions) => Effect.Effect<void, CacheError>
  /**
   * Sets a key to a value as JSON, written by `JSON.stringify`, as `set` does. What that refuses or turns into nothing (`undefined`,
   * functions, symbols, BigInt, cycles, a throwing `toJSON`, too deep) fails with `InvalidValue` and writes nothing. The
   * type of the value is open, since TypeScript takes no `interface` for JSON.
   */
  readonly setJson: (key: string, value: unknown, options?: SetOptions) => Effect.Effect<void, CacheError>
  /** Sets the key if it is absent, in one atomic step. True if it did. */
  readonly setIfAbsent: (key: string, value: string, options?: SetOptions) => Effect.Effect<boolean, CacheError>
  /** Removes a key. True if it was live. */
  readonly delete: (key: string) => Effect.Effect<boolean, CacheError>
  /** Removes keys, at most 8,388,608, and returns the number of live ones among them. A repeated key counts once. */
  readonly deleteMany: (keys: Iterable<string>) => Effect.Effect<number, CacheError>
  /** Reads and removes a key in one atomic step; none when it is absent or expired. */
  readonly getAndDelete: (key: string) => Effect.Effect<Option.Option<string>, CacheError>
  /**
   * Removes the key if its value equals `expected`, in one atomic step. True if it did. So only its owner releases a lock.
   */
  readonly compareAndDelete: (key: string, expected: string) => Effect.Effect<boolean, CacheError>
  /**
   * Reads a value and gives its key a new time to live, over zero, in one atomic step; none when it is absent or expired. So
   * a session slides on.
   */
  readonly getAndExpire: (key: string, ttl: Duration.Input) => Effect.Effect<Option.Option<string>, CacheError>
  /**
   * Gives the key a new time to live, over zero, if its value equals `expected`, in one atomic step. True if it did. So only
   * its owner renews a lock.
   */
  readonly compareAndExpire: (key: string, expected: string, ttl: Duration.Input) => Effect.Effect<boolean, CacheError>
  /** True if the key is live. */
  readonly exists: (key: string) => Effect.Effect<boolean, CacheError>
  /**
   * Gives a live key a new time to live, from 0 to 2^53 - 1 ms, rounded up to whole milliseconds. False if the key is
   * absent. Zero removes the key at once and returns true; with `Duration.infinity` the key never expires.
   */
  readonly expire: (key: string, ttl: Duration.Input) => Effect.Effect<boolean, CacheError>
  /** Reads the time to live: `Missing`, `Persistent`, or `Expires` with the rest in whole milliseconds. */
  readonly ttl: (key: string) => Effect.Effect<TimeToLive, CacheError>
  /**
   * Adds `amount`, a safe integer (by default 1), and returns the sum, in one atomic step. An absent key counts from 0,
   * and only then `ttl` is set; an existing time to live stays.
   *
   * Fails with `WrongType` unless the stored text is a canonical 64-bit decimal, and with `OutOfRange` when the result
   * is not a safe integer; both leave the value unchanged.
   */
  readonly increment: (key: string, amount?: number, options?: SetOptions) => Effect.Effect<number, CacheError>
  /** As `increment`, but subtracts the amount. */
  readonly decrement: (key: string, amount?: number, options?: SetOptions) => Effect.Effect<number, CacheError>
  /**
   * Reads keys, at most 8,388,608, and returns each of them once, in the order of their first places. Up to 100 keys as of
   * one moment on one node, beyond that in parts, each as of one moment; per slot on a cluster. No keys cost no I/O.
   */
  readonly getMany: (keys: Iterable<string>) => Effect.Effect<ReadonlyMap<string, Option.Option<string>>, CacheError>
  /**
   * Sets entries, at most 8,388,608, each as `set` does. Atomic on one node up to 1,000 entries, beyond that in parts, each
   * atomic; per slot on a cluster. The last of a repeated key wins. No entries cost no I/O.
   */
  readonly setMany: (
    entries: Iterable<readonly [key: string, value: string]>,
    options?: SetOptions
  ) => Effect.Effect<void, CacheError>
  /**
   * Removes the keys of this namespace that match a `Glob`, and returns their number. It works in pages, between which the
   * store serves others. Keys written while it runs may stay.
   */
  readonly deletePattern: (pattern: string) => Effect.Effect<number, CacheError>
  /**
   * Streams each live key of this namespace that matches a `Glob`, once, in no order, without the namespace. Keys written
   * while it runs may be left out. Where the store may name a key twice, as Redis does, the keys seen stay in memory.
   */
  readonly scan: (pattern: string) => Stream.Stream<string, CacheError>
  /** Removes the keys of this namespace, and no others. */
  readonly flush: Effect.Effect<void, CacheError>
  /** Makes a round trip to every place of the store that takes writes. */
  readonly ping: Effect.Effect<true, CacheError>
}
