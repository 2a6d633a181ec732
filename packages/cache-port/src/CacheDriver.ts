/**
 * What an adapter implements.
 *
 * A driver is the smaller level below `CachePort`. Keys, values, times to live, amounts and patterns reach it already
 * checked by the laws of input and with the namespace in front, so that a driver does nothing but ask its store. Only
 * `ImmediateOperations` are told the two apart. `CachePort.fromDriver` turns it into a port.
 */
import type { Effect, Fiber, Stream } from "effect"
import type { CacheErrorOutcome, CacheErrorReason } from "./CacheError.ts"
import type { TimeToLive } from "./TimeToLive.ts"

/**
 * The failure of a driver. The port adds operation, key and code to it and makes it a `CacheError`.
 *
 * `outcome` is `"NotExecuted"` unless the request was sent and not answered. `serverCode` is the first word of the
 * server's reply, never more of it: replies echo arguments.
 */
export class DriverFailure {
  readonly _tag = "DriverFailure"
  readonly reason: CacheErrorReason
  readonly outcome: CacheErrorOutcome
  readonly serverCode: string | undefined
  constructor(reason: CacheErrorReason, outcome: CacheErrorOutcome = "NotExecuted", serverCode?: string) {
    this.reason = reason
    this.outcome = outcome
    this.serverCode = serverCode
  }
}

/** An answer, or why there is none, where no Effect is around it. */
export type Answer<A> = A | DriverFailure

/** Says that an operation cannot be answered at once, and is to be asked as every other one. */
export const Later: unique symbol = Symbol("@hexcache/cache-port/Later")
export type Later = typeof Later

/**
 * Operations that a store answers at once, from this process's memory, without an Effect around them, which would cost
 * more than the answer. Each is of the key that is `prefix` and `key` together, which some stores need not join to find it.
 * The calling fiber is told for its `Clock`. Each may be answered with `Later`, and must then have done nothing.
 */
export interface ImmediateOperations {
  /** As `CacheDriver.get`. */
  readonly get: (
    prefix: string,
    key: string,
    fiber: Fiber.Fiber<unknown, unknown>
  ) => Answer<string | undefined> | Later
  /** All of them, each behind `prefix`, as of one moment, or `Later`. */
  readonly getMany?: (
    prefix: string,
    keys: ReadonlyArray<string>,
    fiber: Fiber.Fiber<unknown, unknown>
  ) => Answer<ReadonlyArray<string | undefined>> | Later
  /** As `CacheDriver.set`. */
  readonly set?: (
    prefix: string,
    key: string,
    value: string,
    ttl: number | undefined,
    fiber: Fiber.Fiber<unknown, unknown>
  ) => Answer<void> | Later
  /** As `CacheDriver.increment`. */
  readonly increment?: (
    prefix: string,
    key: string,
    amount: number,
    ttl: number | undefined,
    fiber: Fiber.Fiber<unknown, unknown>
  ) => Answer<number> | Later
}

/** Takes what an operation was answered. */
export type Callback<A> = (answer: Answer<A>) => void

/**
 * Operations that a store answers by a callback, called exactly once, for stores at whose speed an Effect for each
 * operation would be a great part of the cost. Each begins at once, and answers what is to be done when its caller is
 * interrupted before the callback; nothing where the operation then goes on by itself.
 */
export interface CallbackOperations {
  /** As `CacheDriver.get`. */
  readonly get?: (key: string, callback: Callback<string | undefined>) => Effect.Effect<void> | undefined
  /** As `CacheDriver.set`. */
  readonly set?: (
    key: string,
    value: string,
    ttl: number | undefined,
    callback: Callback<void>
  ) => Effect.Effect<void> | undefined
  /** As `CacheDriver.increment`. */
  readonly increment?: (
    key: string,
    amount: number,
    ttl: number | undefined,
    callback: Callback<number>
  ) => Effect.Effect<void> | undefined
}

/**
 * The operations that a store must offer. Every `ttl` is a whole number of milliseconds from 1 to 2^53 - 1 (of `expire`:
 * from 0), or `undefined` for a key that never expires. Every operation ends by itself; a driver of a remote store gives
 * each a deadline.
 */
export interface CacheDriver {
  /** The live value, or `undefined`. A key that holds anything but text reads as absent. */
  readonly get: (key: string) => Effect.Effect<string | undefined, DriverFailure>
  /**
   * The live values in the order of `keys`, which are distinct and at least one: up to 100 as of one moment, beyond that in
   * parts, each as of one moment.
   */
  readonly getMany: (keys: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string | undefined>, DriverFailure>
  /** Replaces value and time to live. */
  readonly set: (key: string, value: string, ttl: number | undefined) => Effect.Effect<void, DriverFailure>
  /** As `set`, for distinct keys, at least one: atomic up to 1,000 entries, beyond that in parts, each atomic. */
  readonly setMany: (
    entries: ReadonlyArray<readonly [key: string, value: string]>,
    ttl: number | undefined
  ) => Effect.Effect<void, DriverFailure>
  /** Sets and answers true when the key is absent, in one atomic step. */
  readonly setIfAbsent: (key: string, value: string, ttl: number | undefined) => Effect.Effect<boolean, DriverFailure>
  /** Removes distinct keys, at least one, and answers how many live ones there were. */
  readonly deleteMany: (keys: ReadonlyArray<string>) => Effect.Effect<number, DriverFailure>
  /** Reads and removes in one atomic step. A key that holds anything but text reads as absent and stays. */
  readonly getAndDelete: (key: string) => Effect.Effect<string | undefined, DriverFailure>
  /** Removes the key and answers true when its value equals `expected`, in one atomic step. */
  readonly compareAndDelete: (key: string, expected: string) => Effect.Effect<boolean, DriverFailure>
  /** Whether the key is live, whatever it holds. */
  readonly exists: (key: string) => Effect.Effect<boolean, DriverFailure>
  /** Sets the time to live of a live key; 0 removes the key, `undefined` lets it never expire. False when absent. */
  readonly expire: (key: string, ttl: number | undefined) => Effect.Effect<boolean, DriverFailure>
  /** What is left of the key's life. */
  readonly ttl: (key: string) => Effect.Effect<TimeToLive, DriverFailure>
  /**
   * Adds a safe integer, negative ones too, in one atomic step. An absent key counts from 0, and only then `ttl` is
   * set. Fails with `WrongType` unless the stored text is a canonical 64-bit decimal, and with `OutOfRange`, the value
   * unchanged, when the result is not a safe integer.
   */
  readonly increment: (key: string, amount: number, ttl: number | undefined) => Effect.Effect<number, DriverFailure>
  /**
   * Pages of live keys that match a checked pattern. A key may come more than once unless `scansOnce` says otherwise; the
   * port removes repetitions.
   */
  readonly scan: (pattern: string) => Stream.Stream<ReadonlyArray<string>, DriverFailure>
  /** Removes what matches a checked pattern, without holding up other callers, and answers how many keys went. */
  readonly deletePattern: (pattern: string) => Effect.Effect<number, DriverFailure>
  /** Removes every key of the store. Asked only by a port whose namespace is empty. */
  readonly flush: Effect.Effect<void, DriverFailure>
  /** A round trip to every place that takes writes. */
  readonly ping: Effect.Effect<void, DriverFailure>
  /** True if no key comes twice from one `scan`, so that the port need not remember every key of it. False by default. */
  readonly scansOnce?: boolean | undefined
  /** What the store can answer at once, asked first. Left out by a store that always has to wait. */
  readonly immediate?: ImmediateOperations | undefined
  /** What the store answers by a callback, asked in place of the operation of the same name. */
  readonly callback?: CallbackOperations | undefined
}
