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

/**
 * Operations that return their result synchronously, from this process's memory, or return `Async`. The calling fiber
 * carries the `Clock`.
 */
export interface SyncOperations {
  /** As `CacheDriver.get`. */
  readonly get: (key: string, fiber: Fiber.Fiber<unknown, unknown>) => DriverResult<string | undefined> | Async
  /** As `CacheDriver.getMany`, with all values as of one moment. */
  readonly getMany?: (
    keys: ReadonlyArray<string>,
    fiber: Fiber.Fiber<unknown, unknown>
  ) => DriverResult<ReadonlyArray<string | undefined>> | Async
  /** As `CacheDriver.set`. */
  readonly set?: (
    key: string,
    value: string,
    ttl: number | undefined,
    fiber: Fiber.Fiber<unknown, unknown>
  ) => DriverResult<void> | Async
  /** As `CacheDriver.increment`. */
  readonly increment?: (
    key: string,
    amount: number,
    ttl: number | undefined,
    fiber: Fiber.Fiber<unknown, unknown>
  ) => DriverResult<number> | Async
}

/** Takes the result of an operation. */
export type DriverCallback<A> = (result: DriverResult<A>) => void

/**
 * Operations that begin at once and call back exactly once. Each returns the effect that the port runs when the caller
 * is interrupted before the callback, or `undefined` where an interruption changes nothing.
 */
export interface CallbackOperations {
  /** As `CacheDriver.get`. */
  readonly get?: (key: string, callback: DriverCallback<string | undefined>) => Effect.Effect<void> | undefined
  /** As `CacheDriver.set`. */
  readonly set?: (
    key: string,
    value: string,
    ttl: number | undefined,
    callback: DriverCallback<void>
  ) => Effect.Effect<void> | undefined
  /** As `CacheDriver.increment`. */
  readonly increment?: (
    key: string,
    amount: number,
    ttl: number | undefined,
    callback: DriverCallback<number>
  ) => Effect.Effect<void> | undefined
}

/** The shortcuts of a driver: the port tries `sync` first, and uses `callback` in place of the usual operation. */
export interface FastPaths {
  readonly sync?: SyncOperations | undefined
  readonly callback?: CallbackOperations | undefined
}
