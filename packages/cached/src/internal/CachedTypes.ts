/**
 * The public types of `Cached`, in a module of their own so that all others can import them.
 *
 * @internal
 */
import type { CacheKey, Codec } from "@hexcache/cache-port"
import type { Cause, Duration, Effect, Option, Schema } from "effect"

/** A key that is text by itself, by `CacheKey.make`. */
export type CachedKey =
  | CacheKey.CacheKeyPart
  | readonly [CacheKey.CacheKeyPart, ...ReadonlyArray<CacheKey.CacheKeyPart>]

/**
 * A typed view of one namespace of a cache. No failure of the cache shows in it: a read that fails is a lookup, a write that
 * fails loses nothing but the write.
 *
 * `Answer` is the success of a read: an `A`, or with `negativeTtl` an option of it. `E` has the lookup's errors alone.
 */
export interface Cached<in out Key, in out A, out Answer = A, out E = never, out R = never> {
  /**
   * The value of a key, from the cache, or looked up and stored. Readers of a key at the same time share one lookup, which
   * goes on as long as one of them waits.
   */
  readonly get: (key: Key) => Effect.Effect<Answer, E, R>
  /** The value of a key if the cache has one that may be served, fresh or stale. Starts no lookup, not even in the background. */
  readonly getOption: (key: Key) => Effect.Effect<Option.Option<A>, never, R>
  /**
   * The values of many keys, in their order, without the keys that have none: one read of the cache, one `lookupMany` for
   * all that is missing (or lookups side by side), one write. Fails when a lookup fails.
   */
  readonly getMany: (keys: Iterable<Key>) => Effect.Effect<ReadonlyMap<Key, A>, E, R>
  /**
   * As `get`; but reads that run at the same time, by `Effect.forEach` with concurrency for example, become one `getMany`,
   * by Effect's `RequestResolver`. Each fails for itself. Unbound, readers whose services differ share no batch.
   */
  readonly getBatched: (key: Key) => Effect.Effect<Answer, E, R>
  /** Stores a value that is known to be current. Where the cache fails, forgets the stored one, as `invalidate` does. */
  readonly set: (key: Key, value: A) => Effect.Effect<void, never, R>
  /**
   * As `set`, for many keys: two writes for all of them. Where the cache fails, forgets all of them. Beyond 1,000 keys a
   * reader may see some of them before others.
   */
  readonly setMany: (entries: Iterable<readonly [key: Key, value: A]>) => Effect.Effect<void, never, R>
  /**
   * Looks a key up now, though the cache may have it, and stores the value. A read of this process that begins once it has
   * ended sees nothing older. Where the value cannot be stored, forgets the stored one. A failed lookup changes nothing.
   */
  readonly refresh: (key: Key) => Effect.Effect<Answer, E, R>
  /**
   * Forgets a key. Run it after the write that outdates the value: reads of this process that begin once it is over never
   * see an older value, even if the cache failed. See `make` for other processes.
   */
  readonly invalidate: (key: Key) => Effect.Effect<void, never, R>
  /** As `invalidate`, for many keys, in one write. */
  readonly invalidateMany: (keys: Iterable<Key>) => Effect.Effect<void, never, R>
  /**
   * As `invalidate`, but leaves the value for reads whose lookup fails, for `staleFor`: the next reads look up at once, and
   * never see it where the source works. Takes four round trips; where one of them fails, forgets the key.
   */
  readonly expire: (key: Key) => Effect.Effect<void, never, R>
  /** Forgets every key, in constant time. */
  readonly invalidateAll: Effect.Effect<void, never, R>
  /**
   * Forgets every key whose value has the tag, in constant time: of this `Cached`, and of every other one on the same cache,
   * since tags belong to the cache.
   */
  readonly invalidateTag: (tag: string) => Effect.Effect<void, never, R>
  /** The counts of every `Cached` of this namespace in this process. */
  readonly stats: Effect.Effect<CachedStats>
}

/**
 * The counts of one namespace since the process began. At most 1,000 namespaces have counts of their own; later ones, as of
 * one namespace for each tenant, count together.
 */
export interface CachedStats {
  /** Reads that returned a fresh value, from the cache or on its way into it. */
  readonly hits: number
  /** Reads that returned a stale value. */
  readonly stale: number
  /** Reads that returned the value or the failure of a lookup. */
  readonly misses: number
  /** Keys whose lookup began, for any reason. */
  readonly lookups: number
  /** Keys whose lookup failed, died, or was too slow. */
  readonly lookupFailures: number
  /** Keys looked up in the background. */
  readonly refreshes: number
  /** Misses that waited for a lookup which another read had begun. */
  readonly joins: number
  /** Invalidations of a key, of a tag, and of everything. */
  readonly invalidations: number
  /** Invalidations that the cache failed, so that they became pending and are retried. */
  readonly pendingInvalidations: number
}

/** The circumstances of a lookup of one key. */
export interface LookupContext<A> {
  /**
   * The value that the cache has of the key, stale or soon to be. None where it has none that is valid, after an
   * invalidation for example. A lookup that finds it unchanged, by an ETag for example, returns it, to be stored anew.
   */
  readonly previous: Option.Option<A>
}

/** The circumstances of a lookup of many keys. */
export interface LookupManyContext<Key, A> {
  /** The values that the cache has of the keys, as `previous` of a single lookup. */
  readonly previous: ReadonlyMap<Key, A>
}

/** Looks up many keys at once. The pairs, a `Map` for example, may come in any order, and leave out keys. */
export type LookupMany<Key, A, E, R> = (
  keys: ReadonlyArray<Key>,
  context: LookupManyContext<Key, A>
) => Effect.Effect<Iterable<readonly [key: Key, value: A]>, E, R>

/** The values that a `Cached` stores, and their times. Durations are `Duration.Input`: a bare number is milliseconds. */
export interface CachedOptions<
  Key,
  A,
  Negative extends Duration.Input = never,
  Timeout extends Duration.Input = never
> {
  /** The part of the cache that belongs to this view. */
  readonly namespace: string
  /**
   * Writes values as JSON, and checks them when they are read; needs no services and is synchronous. Its shape is part of
   * every key: a version of the program with another shape starts clean.
   */
  readonly schema: Schema.Codec<A, unknown>
  /**
   * The time for which a value is fresh, over zero; or a function that returns it for a value, where zero stores nothing and
   * 7 days is the most.
   */
  readonly ttl: Duration.Input | ((value: A, key: Key) => Duration.Input)
  /**
   * The share of its time to live, from 0 to 1, by which a value is fresh for less, drawn for each: values that were loaded
   * together do not end together. Defaults to 0.
   */
  readonly jitter?: number | undefined
  /**
   * The time for which a value that is no longer fresh is served while it is looked up again in the background, once at a
   * time; also while that fails, which is logged. Defaults to zero. No value is served after `ttl` + `staleFor`.
   */
  readonly staleFor?: Duration.Input | undefined
  /**
   * Looks a fresh value up again in the background, the likelier the nearer its end and the longer its lookup took, so that
   * a busy key never becomes stale (XFetch, Vattani and others, VLDB 2015). The number is its beta: 1 is the best in
   * theory, more refreshes earlier. Defaults to 0, which is never.
   */
  readonly refreshAhead?: number | undefined
  /** The time after which a lookup is interrupted and fails with `Cause.TimeoutError`. Defaults to no limit. */
  readonly lookupTimeout?: Timeout | undefined
  /**
   * The time after which a lookup in the background is interrupted. Defaults to `lookupTimeout`, and without that to a
   * minute.
   */
  readonly refreshTimeout?: Duration.Input | undefined
  /**
   * The time that a read with a stale value waits for a newer one before it returns the stale one, as it does when the
   * lookup fails. Defaults to zero: stale values are returned at once.
   */
  readonly softLookupTimeout?: Duration.Input | undefined
  /**
   * Makes absence a result: `lookup` and reads return an option. The duration is the time for which the absence of a value
   * is stored, zero for not at all.
   */
  readonly negativeTtl?: Negative | undefined
  /**
   * The time after a failed lookup in which a key with a value to serve, a stale one for example, is not looked up again, so
   * that a failing source gets no lookup from every read. Defaults to 10 seconds, zero for no rest. By process and key, and
   * over once the key is looked up for any other reason, or invalidated.
   */
  readonly retryAfter?: Duration.Input | undefined
  /**
   * The time after a failed lookup in which reads that find no value fail as it did, by process. Defaults to zero: each of
   * them looks up again. Defects and interruptions are never repeated.
   */
  readonly failureTtl?: Duration.Input | undefined
  /** The tags of a value, for `invalidateTag`. Defaults to none. */
  readonly tags?: ((value: A, key: Key) => ReadonlyArray<string>) | undefined
  /**
   * Shares single lookups with other processes: one takes a lease on the key, for at most this long, and the others wait
   * for its value. A read waits for this long at most, and then looks up itself, also where the owner died. It costs a
   * missing key two more round trips. Without it, each process looks up by itself. `getMany` takes no leases.
   */
  readonly lease?: Duration.Input | undefined
  /** Encodes the text of an entry in the cache, by compression for example. Defaults to the text itself. */
  readonly codec?: Codec | undefined
  /** The number of lookups that `getMany` runs side by side without a `lookupMany`, a positive integer. Defaults to 16. */
  readonly concurrency?: number | "unbounded" | undefined
}

/** The option that makes text of keys. Required for keys that are no text, number or tuple of them. */
export type KeyOption<Key> = [KeyOf<Key>] extends [CachedKey]
  ? {
      /**
       * The parts of a key's text, joined as by `CacheKey.make`. Keys of the same text are the same key: 1 is "1". Defaults
       * to the key itself.
       */
      readonly key?: ((key: Key) => CachedKey) | undefined
    }
  : {
      /** The parts of a key's text, joined as by `CacheKey.make`. Keys of the same text are the same key: 1 is "1". */
      readonly key: (key: Key) => CachedKey
    }

/**
 * The keys of a `Cached`: those that its lookup takes; where that takes any, those that are text by themselves. It takes any
 * as well as long as TypeScript has not inferred its type, and must not be refused before.
 */
export type KeyOf<Key> = unknown extends Key ? CachedKey : Key

/** The success of a read: with a `negativeTtl` an option. */
export type Answer<A, Negative> = [Negative] extends [never] ? A : Option.Option<A>

/** The errors of lookups: with a `lookupTimeout` also that it was over. */
export type LookupError<E, Timeout> = [Timeout] extends [never] ? E : E | Cause.TimeoutError

/**
 * A `Cached` whose methods need the cache and the services of its lookup. Itself an effect that succeeds with the same
 * `Cached` bound to both of them, for a layer: its lookups run with the services of the layer, never with the reader's.
 * Where that closes, it ends lookups in the background, and waits for writes that have begun.
 *
 * @example
 * ```ts
 * class Users extends Context.Service<Users, { readonly byId: (id: UserId) => Effect.Effect<User, DbError> }>()("Users") {
 *   static readonly layer = Layer.effect(
 *     Users,
 *     Effect.gen(function*() {
 *       const { get } = yield* Cached.make({ namespace: "user", schema: User, lookup: findUser, ttl: "5 minutes" })
 *       return { byId: get }
 *     })
 *   )
 * }
 * ```
 */
export interface UnboundCached<in out Key, in out A, out Answer, out E, out R>
  extends Cached<Key, A, Answer, E, R>,
    Effect.Effect<Cached<Key, A, Answer, E>, never, R> {}
