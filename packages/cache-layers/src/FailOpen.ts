/**
 * A layer that goes on without the cache when the store cannot be asked.
 */

import { type CacheError, type CacheErrorReason, CachePort, TimeToLive } from "@hexcache/cache-port"
import { checked, failingOpen, Input, layered, SwallowedFailures } from "@hexcache/cache-port/internal"
import { Context, Effect, Layer, Option, Stream } from "effect"

type Service = CachePort["Service"]

/** What failing open has done, and a way past it. See `FailOpen.layer`. */
export class FailOpen extends Context.Service<
  FailOpen,
  {
    /** How many failures became answers, since the layer was built. */
    readonly failures: Effect.Effect<number>
    /** The cache below the layer, for code that must know of a failure: one that removes what it has outdated. */
    readonly strict: Service
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

      const attempt = <A>(asked: Effect.Effect<A, CacheError>) =>
        failOpen(Effect.asSome(asked), () => Option.none(), swallowed)

      return Context.make(
        CachePort,
        layered(strict, (inner) => wrap(inner, swallowed))
      ).pipe(Context.add(FailOpen, { strict, attempt, failures: Effect.sync(() => swallowed.count) }))
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

const failOpen = <A>(
  asked: Effect.Effect<A, CacheError>,
  otherwise: () => A,
  swallowed: SwallowedFailures
): Effect.Effect<A, CacheError> =>
  Effect.catch(asked, (error) =>
    failsOpen(error.reason) ? Effect.map(swallowed.record(error), otherwise) : Effect.fail(error)
  )

const wrap = (inner: Service, swallowed: SwallowedFailures): Service => {
  const none = <A>(asked: Effect.Effect<Option.Option<A>, CacheError>) =>
    failOpen(asked, () => Option.none<A>(), swallowed)
  const no = (asked: Effect.Effect<boolean, CacheError>) => failOpen(asked, () => false, swallowed)
  const zero = (asked: Effect.Effect<number, CacheError>) => failOpen(asked, () => 0, swallowed)
  const nothing = (asked: Effect.Effect<void, CacheError>) => failOpen(asked, () => undefined, swallowed)

  const outer: Service = {
    get: (key) => none(inner.get(key)),
    getJson: (key) => none(inner.getJson(key)),
    set: (key, value, options) => nothing(inner.set(key, value, options)),
    setJson: (key, value, options) => nothing(inner.setJson(key, value, options)),
    setIfAbsent: (key, value, options) => no(inner.setIfAbsent(key, value, options)),
    delete: (key) => no(inner.delete(key)),
    deleteMany: (keys) => zero(inner.deleteMany(keys)),
    getAndDelete: (key) => none(inner.getAndDelete(key)),
    compareAndDelete: (key, expected) => no(inner.compareAndDelete(key, expected)),
    exists: (key) => no(inner.exists(key)),
    expire: (key, ttl) => no(inner.expire(key, ttl)),
    ttl: (key) => failOpen(inner.ttl(key), () => TimeToLive.Missing(), swallowed),
    increment: (key, amount, options) => zero(inner.increment(key, amount, options)),
    decrement: (key, amount, options) => zero(inner.decrement(key, amount, options)),
    getMany: (keys) =>
      checked(
        "getMany",
        () => Input.keys(keys),
        (keys) => failOpen(inner.getMany(keys), () => new Map(keys.map((key) => [key, Option.none()])), swallowed)
      ),
    setMany: (entries, options) => nothing(inner.setMany(entries, options)),
    deletePattern: (pattern) => zero(inner.deletePattern(pattern)),
    scan: (pattern) =>
      Stream.catch(inner.scan(pattern), (error) =>
        failsOpen(error.reason) ? Stream.fromEffectDrain(swallowed.record(error)) : Stream.fail(error)
      ),
    flush: nothing(inner.flush),
    ping: inner.ping
  }
  return failingOpen(outer, swallowed)
}
