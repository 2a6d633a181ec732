/**
 * Optional shortcuts of a driver: a few operations without an Effect around each result.
 *
 * They are for stores that are so fast that the Effect costs a large part of the operation. A driver without them is
 * complete, and one that has them implements the same operations in `CacheDriver` too.
 */
import type { Effect, Fiber } from "effect"
import type { DriverFailure } from "./DriverFailure.ts"

/** The result of an operation that has no Effect around it. */
export type DriverResult<A> = A | DriverFailure

/** Says that a store cannot return a result synchronously, and has done nothing: the port runs the usual operation. */
export const Async: unique symbol = Symbol("@hexcache/cache-port/Async")
export type Async = typeof Async

/** The fiber of the caller, which carries the `Clock`. */
export type Caller = Fiber.Fiber<unknown, unknown>

/** Operations that return their result synchronously, from this process's memory, or return `Async`. */
export interface SyncOperations {
  /** As `CacheDriver.get`. */
  readonly get: (key: string, caller: Caller) => DriverResult<string | undefined> | Async
  /** As `CacheDriver.getMany`, with all values as of one moment. */
  readonly getMany?: (
    keys: ReadonlyArray<string>,
    caller: Caller
  ) => DriverResult<ReadonlyArray<string | undefined>> | Async
  /** As `CacheDriver.set`. */
  readonly set?: (key: string, value: string, ttl: number | undefined, caller: Caller) => DriverResult<void> | Async
  /** As `CacheDriver.increment`. */
  readonly increment?: (
    key: string,
    amount: number,
    ttl: number | undefined,
    caller: Caller
  ) => DriverResult<number> | Async
}

/** Takes the result of an operation. */
export type DriverCallback<A> = (result: DriverResult<A>) => void

/** The effect to run when the caller is interrupted before the callback; `undefined` where that changes nothing. */
export type Cancel = Effect.Effect<void> | undefined

/** Operations that begin at once and call back exactly once. */
export interface CallbackOperations {
  /** As `CacheDriver.get`. */
  readonly get?: (key: string, callback: DriverCallback<string | undefined>) => Cancel
  /** As `CacheDriver.set`. */
  readonly set?: (key: string, value: string, ttl: number | undefined, callback: DriverCallback<void>) => Cancel
  /** As `CacheDriver.increment`. */
  readonly increment?: (
    key: string,
    amount: number,
    ttl: number | undefined,
    callback: DriverCallback<number>
  ) => Cancel
}

/** The shortcuts of a driver: the port tries `sync` first, and uses `callback` in place of the usual operation. */
export interface FastPaths {
  readonly sync?: SyncOperations | undefined
  readonly callback?: CallbackOperations | undefined
}
