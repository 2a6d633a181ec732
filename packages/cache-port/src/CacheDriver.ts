/**
 * The interface that an adapter implements.
 *
 * A driver is the smaller level below `CachePort`. Keys, values, times to live, amounts and patterns reach it validated
 * and with the namespace in front, so that a driver only talks to its store. `CachePort.fromDriver` turns it into a port.
 */
import type { Effect, Stream } from "effect"
import type { DriverFailure } from "./DriverFailure.ts"
import type { FastPaths } from "./FastPaths.ts"
import type { MissingFeatures } from "./StoreFeature.ts"
import type { TimeToLive } from "./TimeToLive.ts"

/**
 * The operations that a store must offer. Every `ttl` is a whole number of milliseconds from 1 to 2^53 - 1 (of `expire`:
 * from 0), or `undefined` for a key that never expires. Every operation ends by itself: a driver of a remote store sets a
 * deadline for each.
 */
export interface CacheDriver {
  /** Reads the live value; `undefined` when absent. A key that holds anything but text reads as absent. */
  readonly get: (key: string) => Effect.Effect<string | undefined, DriverFailure>
  /**
   * Reads the live values, in the order of `keys`, which are distinct and at least one: up to 100 as of one moment, beyond
   * that in parts, each as of one moment.
   */
  readonly getMany: (keys: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string | undefined>, DriverFailure>
  /** Replaces value and time to live. */
  readonly set: (key: string, value: string, ttl: number | undefined) => Effect.Effect<void, DriverFailure>
  /** As `set`, on distinct keys, at least one: atomic up to 1,000 entries, beyond that in parts, each atomic. */
  readonly setMany: (
    entries: ReadonlyArray<readonly [key: string, value: string]>,
    ttl: number | undefined
  ) => Effect.Effect<void, DriverFailure>
  /** Sets the key if it is absent, in one atomic step. True if it did. */
  readonly setIfAbsent: (key: string, value: string, ttl: number | undefined) => Effect.Effect<boolean, DriverFailure>
  /** Removes distinct keys, at least one, and returns the number of live ones among them. */
  readonly deleteMany: (keys: ReadonlyArray<string>) => Effect.Effect<number, DriverFailure>
  /** Reads and removes a key in one atomic step. A key that holds anything but text reads as absent and stays. */
  readonly getAndDelete: (key: string) => Effect.Effect<string | undefined, DriverFailure>
  /** Removes the key if its value equals `expected`, in one atomic step. True if it did. */
  readonly compareAndDelete: (key: string, expected: string) => Effect.Effect<boolean, DriverFailure>
  /** Reads a live key and sets its time to live, in one atomic step. A key that holds anything but text reads as absent. */
  readonly getAndExpire: (key: string, ttl: number | undefined) => Effect.Effect<string | undefined, DriverFailure>
  /** Sets the time to live of the key if its value equals `expected`, in one atomic step. True if it did. */
  readonly compareAndExpire: (
    key: string,
    expected: string,
    ttl: number | undefined
  ) => Effect.Effect<boolean, DriverFailure>
  /** True if the key is live, whatever it holds. */
  readonly exists: (key: string) => Effect.Effect<boolean, DriverFailure>
  /** Sets the time to live of a live key; 0 removes it, with `undefined` it never expires. False when absent. */
  readonly expire: (key: string, ttl: number | undefined) => Effect.Effect<boolean, DriverFailure>
  /** Reads the time to live, in whole milliseconds. */
  readonly ttl: (key: string) => Effect.Effect<TimeToLive, DriverFailure>
  /**
   * Adds a safe integer, maybe a negative one, and returns the sum, in one atomic step. An absent key counts from 0, and
   * only then `ttl` is set. Fails with `WrongType` unless the stored text is a canonical 64-bit decimal, and with
   * `OutOfRange` when the sum is no safe integer; both leave the value unchanged.
   */
  readonly increment: (key: string, amount: number, ttl: number | undefined) => Effect.Effect<number, DriverFailure>
  /**
   * Streams pages of the live keys that match a valid pattern. A key may come more than once unless `scansOnce` is true: the
   * port removes repetitions.
   */
  readonly scan: (pattern: string) => Stream.Stream<ReadonlyArray<string>, DriverFailure>
  /** Removes the keys that match a valid pattern, without holding up other callers, and returns their number. */
  readonly deletePattern: (pattern: string) => Effect.Effect<number, DriverFailure>
  /** Removes every key of the store. Only a port whose namespace is empty calls it. */
  readonly flush: Effect.Effect<void, DriverFailure>
  /** Makes a round trip to every place that takes writes. */
  readonly ping: Effect.Effect<void, DriverFailure>
  /** True if no key comes twice from one `scan`, so that the port need not remember its keys. False by default. */
  readonly scansOnce?: boolean | undefined
  /** The features that the store lacks. `unsupported(…)` makes it, with the operations that it concerns. */
  readonly unsupported?: MissingFeatures | undefined
  /** Shortcuts of a few operations, on the keys that begin with a prefix, which the port leaves out of them. */
  readonly fastPaths?: ((prefix: string) => FastPaths) | undefined
}
