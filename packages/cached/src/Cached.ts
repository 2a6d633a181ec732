/**
 * A typed read-through cache: values of one schema, looked up where the cache has none.
 *
 * @example
 * ```ts
 * const users = Cached.make({
 *   namespace: "user",
 *   schema: User,
 *   lookup: (id: UserId) => db.findUser(id),
 *   ttl: "5 minutes",
 *   staleFor: "1 hour"
 * })
 *
 * users.get(id) // Effect<User, DbError, CachePort>: no CacheError in sight
 * ```
 *
 * @module
 */

import type { CachePort } from "@hexcache/cache-port"
import type { Duration, Effect } from "effect"
import type {
  Answer,
  CachedOptions,
  KeyOf,
  KeyOption,
  LookupContext,
  LookupError,
  LookupMany,
  UnboundCached
} from "./internal/CachedTypes.ts"
import * as Policy from "./internal/Policy.ts"
import * as Bound from "./internal/UnboundCached.ts"

export type {
  Answer,
  Cached,
  CachedKey,
  CachedOptions,
  CachedStats,
  KeyOf,
  KeyOption,
  LookupContext,
  LookupError,
  LookupMany,
  LookupManyContext,
  UnboundCached
} from "./internal/CachedTypes.ts"

/**
 * Forgets the values with the tag, of every `Cached` on the cache, in constant time: an entity and the lists that it is in,
 * for example. Does as the method of the same name of any of them, for code that has none at hand.
 */
export const invalidateTag: (tag: string) => Effect.Effect<void, never, CachePort> = Bound.invalidateTag

/** Makes a `Cached`. */
export const make: {
  /**
   * Makes a `Cached` whose lookups are of many keys. Throws on options out of range.
   *
   * A read never sees a value after `ttl` + `staleFor`, nor in this process one from before an `invalidate` that was over
   * when the read began, nor in others once the invalidation has reached the cache: as with a `lookup` of single keys.
   */
  <Key, A, E = never, R = never, Negative extends Duration.Input = never, Timeout extends Duration.Input = never>(
    options: CachedOptions<Key, A, Negative, Timeout> & {
      readonly lookup?: undefined
      /**
       * Looks up what is missing, for `get` a single key. A key that it leaves out has no value: with `negativeTtl` that is
       * a result, without it `get` dies with a `Cause.NoSuchElementError`.
       */
      readonly lookupMany: LookupMany<Key, NoInfer<A>, E, R>
    } & KeyOption<NoInfer<Key>>
  ): UnboundCached<KeyOf<Key>, A, Answer<A, Negative>, LookupError<E, Timeout>, R | CachePort>
  /**
   * Makes a `Cached`. Throws on options out of range.
   *
   * A read reads the cache once, and where values have tags twice; each of these ends by the cache's own deadline. It looks up
   * a missing key, once the key has a generation, and returns the value while that is written. With `FailOpen.layer` below the
   * same holds: `Cached` sees the failures, and they are counted and logged there.
   *
   * A read never sees:
   *
   * - A value after `ttl` + `staleFor`.
   * - In this process, a value from before an `invalidate` that was over when the read began. Where the cache failed, reads
   *   look the key up each time until a retry of the invalidation succeeds.
   * - In other processes the same, once the invalidation has reached the cache. An invalidation that never reaches it, since
   *   this process ends before, is bounded by `ttl` + `staleFor`.
   *
   * A lookup that began before an invalidation, in any process, stores nothing that a later read returns.
   */
  <
    Key,
    A,
    E = never,
    R = never,
    E2 = never,
    R2 = never,
    Negative extends Duration.Input = never,
    Timeout extends Duration.Input = never
  >(
    options: CachedOptions<Key, A, Negative, Timeout> & {
      /**
       * Looks a key up where the cache has no value of it. Its failure is the reader's, and not stored. It runs with the
       * services that the `Cached` was bound with, unbound with those of the reader who began it, and must not read its
       * own key.
       */
      readonly lookup: (
        key: Key,
        context: LookupContext<NoInfer<A>>
      ) => Effect.Effect<Answer<NoInfer<A>, NoInfer<Negative>>, E, R>
      /** Looks up what `getMany` misses. */
      readonly lookupMany?: LookupMany<Key, NoInfer<A>, E2, R2> | undefined
    } & KeyOption<NoInfer<Key>>
  ): UnboundCached<KeyOf<Key>, A, Answer<A, Negative>, LookupError<E | E2, Timeout>, R | R2 | CachePort>
  // biome-ignore lint/suspicious/noExplicitAny: the signatures above say it all.
} = (options: any): any => Bound.make(Policy.make(options))
