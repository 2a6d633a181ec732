/**
 * A layer that goes on without the cache when the store cannot be asked.
 */

import {
  type CacheError,
  type CacheErrorReason,
  type CacheOperations,
  CachePort,
  type CacheRequest,
  type Interceptor,
  TimeToLive
} from "@hexcache/cache-port"
import { attach, interceptOperations, layered, SwallowedFailures } from "@hexcache/cache-port/internal"
import { Context, Effect, Layer, Option, Stream } from "effect"

/** What failing open has done, and a way past it. See `FailOpen.layer`. */
export class FailOpen extends Context.Service<
  FailOpen,
  {
    /** How many failures became answers, since the layer was built. */
    readonly failures: Effect.Effect<number>
    /** The cache below the layer, for code that must know of a failure: one that removes what it has outdated. */
    readonly strict: CacheOperations
    /**
     * The answer of something asked of `strict`; none where the layer would have failed open, counted and logged as there.
     * Any other failure stays one.
     */
    readonly attempt: <A>(asked: Effect.Effect<A, CacheError>) => Effect.Effect<Option.Option<A>, CacheError>
  }
>()("@hexcache/cache-layers/FailOpen") {
  /** How many failures became answers, since the layer was built. */
  static readonly failures: Effect.Effect<number, never, FailOpen> = FailOpen.use(({ failures }) => failures)

  /**
   * Wraps the cache below it, so that a store that cannot be asked is an empty one: a miss for `get`, `getJson`,
   * `getAndDelete` and each key of `getMany`; `false` for `setIfAbsent`, `delete`, `compareAndDelete`, `exists` and
   * `expire`; 0 for `deleteMany`, `deletePattern`, `increment` and `decrement`; `Missing` for `ttl`; nothing done by
   * `set`, `setJson`, `setMany` and `flush`; no more keys from `scan`.
   *
   * That is for `Unavailable`, `TimedOut`, `ConnectionLost`, `AccessDenied`, `OutOfMemory` and `Unknown`. `InvalidArgument`
   * still fails, since it is a bug of the caller's, and so do `WrongType`, `OutOfRange` and `InvalidValue`: there the
   * store has answered, and what it holds would be wrong again at the next call, hidden for good. `ping` fails as ever,
   * so that a health check sees the truth.
   *
   * Every failure is counted. At most one in 10 seconds is logged, as a warning with the number of those that were not.
   *
   * What an answer then means is for the caller to think through:
   *
   * - `increment` answers 0, less than any count that it has made: a rate limit lets everyone pass, and an id made from it
   *   is not unique. The call may have been counted all the same.
   * - `setIfAbsent` answers `false`: nobody gets a lock, and "seen before" is said of what is new.
   * - A `delete` that did nothing leaves an outdated value, to be read once the store is back. Code that must not read it
   *   asks `FailOpen.strict`.
   *
   * Belongs above `Breaker.layer`, so that the breaker sees the failures.
   *
   * @example
   * ```ts
   * const cache = FailOpen.layer.pipe(
   *   Layer.provideMerge(Breaker.layer()),
   *   Layer.provide(CacheRedis.layer({ url, namespace: "shop" }))
   * )
   * ```
   */
  static readonly layer: Layer.Layer<CachePort | FailOpen, never, CachePort> = Layer.effectContext(
    Effect.map(CachePort, (strict) => {
      const swallowed = new SwallowedFailures()

      const failOpen = <A>(operation: Effect.Effect<A, CacheError>, fallback: () => A): Effect.Effect<A, CacheError> =>
        Effect.catch(operation, (error) =>
          failsOpen(error.reason) ? Effect.map(swallowed.record(error), fallback) : Effect.fail(error)
        )

      const interceptor: Interceptor = {
        wrap: (operation, request) =>
          // A health check sees the truth.
          request.operation === "ping" ? operation : failOpen(operation, () => fallbackOf(request) as never),
        wrapScan: (scan) =>
          Stream.catch(scan, (error) =>
            failsOpen(error.reason) ? Stream.fromEffectDrain(swallowed.record(error)) : Stream.fail(error)
          )
      }

      return Context.make(
        CachePort,
        layered(strict, (inner) => attach(interceptOperations(inner, interceptor), { swallowed }))
      ).pipe(
        Context.add(FailOpen, {
          strict,
          attempt: (operation) => failOpen(Effect.asSome(operation), () => Option.none()),
          failures: Effect.sync(() => swallowed.count)
        })
      )
    })
  )
}

const failsOpen = ({ _tag }: CacheErrorReason): boolean => {
  switch (_tag) {
    case "Unavailable":
    case "TimedOut":
    case "ConnectionLost":
    case "AccessDenied":
    case "OutOfMemory":
    case "Unknown":
      return true
    case "InvalidArgument":
    case "InvalidValue":
    case "OutOfRange":
    case "WrongType":
      return false
  }
}

/** The result of an operation on an empty store. */
const fallbackOf = ({ keys = [], operation }: CacheRequest): unknown => {
  switch (operation) {
    case "get":
    case "getJson":
    case "getAndDelete":
      return Option.none()
    case "getMany":
      return new Map(keys.map((key) => [key, Option.none()]))
    case "setIfAbsent":
    case "delete":
    case "compareAndDelete":
    case "exists":
    case "expire":
      return false
    case "deleteMany":
    case "deletePattern":
    case "increment":
    case "decrement":
      return 0
    case "ttl":
      return TimeToLive.Missing()
    default:
      return undefined
  }
}
