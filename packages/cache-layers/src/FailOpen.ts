/**
 * A layer that goes on without the cache while its store fails.
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

/** The failures that `FailOpen.layer` hides, and the cache that does not hide them. */
export class FailOpen extends Context.Service<
  FailOpen,
  {
    /** The number of failures that the layer has hidden since it was built. */
    readonly failures: Effect.Effect<number>
    /** The cache below the layer, for code that must know of a failure: when it removes an outdated value, for example. */
    readonly strict: CacheOperations
    /**
     * Runs an operation of `strict`, and returns its result; none where the layer would fail open, counted and logged as
     * there. Other failures stay failures.
     */
    readonly attempt: <A>(operation: Effect.Effect<A, CacheError>) => Effect.Effect<Option.Option<A>, CacheError>
  }
>()("@hexcache/cache-layers/FailOpen") {
  /** The number of failures that the layer has hidden since it was built. */
  static readonly failures: Effect.Effect<number, never, FailOpen> = FailOpen.use(({ failures }) => failures)

  /**
   * Makes a store that fails look like an empty one: a miss for `get`, `getJson`, `getAndDelete`, `getAndExpire` and
   * each key of `getMany`; `false` for `setIfAbsent`, `delete`, `compareAndDelete`, `compareAndExpire`, `exists` and
   * `expire`; 0 for `deleteMany`,
   * `deletePattern`, `increment` and `decrement`; `Missing` for `ttl`; no effect of `set`, `setJson`, `setMany` and
   * `flush`; no more keys from `scan`.
   *
   * That holds for `Unavailable`, `TimedOut`, `ConnectionLost`, `AccessDenied`, `OutOfMemory` and `Unknown`.
   * `InvalidArgument` and `Unsupported` still fail, since they are a bug of the caller's, and so do `WrongType`,
   * `OutOfRange` and `InvalidValue`: the stored value is at fault, would fail the next call too, and would stay hidden for
   * good. `ping` fails as ever, for health checks.
   *
   * The layer counts every failure. It logs at most one in 10 seconds, as a warning with the number of those in between.
   *
   * The caller has to consider the meaning of such a result:
   *
   * - `increment` returns 0, less than any count that it has made: a rate limit lets everyone pass, and an id made from it
   *   is not unique. The store may have counted the call all the same.
   * - `setIfAbsent` returns `false`: nobody gets a lock, and a new message seems to be a repeated one.
   * - A `delete` without effect leaves an outdated value, which callers read once the store is back. Code that must not
   *   read it deletes by the `strict` cache of the service `FailOpen`.
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
    case "Unsupported":
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
    case "getAndExpire":
      return Option.none()
    case "getMany":
      return new Map(keys.map((key) => [key, Option.none()]))
    case "setIfAbsent":
    case "delete":
    case "compareAndDelete":
    case "compareAndExpire":
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
