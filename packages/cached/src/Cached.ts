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

import type { CachePort, Codec } from "@hexcache/cache-port"
import type { Cause, Duration, Effect, Option, Schema } from "effect"
import * as Binding from "./internal/Binding.ts"
import type { CachedStats } from "./internal/Counters.ts"
import type { CachedKey } from "./internal/Keys.ts"
import * as Policy from "./internal/Policy.ts"

export type { CachedKey, CachedStats }

/**
 * A typed view of one namespace of a cache. No failure of the cache shows in it: what cannot be read is looked up, what
 * cannot be written is answered all the same.
 *
 * `Answer` is what a read gives: an `A`, or with `negativeTtl` an option of it. `E` are the lookup's errors and none else.
 */
export interface Cached<in out Key, in out A, out Answer = A, out E = never, out R = never> {
  /**
   * The value of a key: from the cache, or looked up and kept. Callers who ask for a key at the same time share one lookup,
   * which goes on as long as one of them waits.
   */
  readonly get: (key: Key) => Effect.Effect<Answer, E, R>
  /**
   * The value of a key if the cache has one that may be served, fresh or stale. Looks nothing up, not even in the
   * background.
   */
  readonly getOption: (key: Key) => Effect.Effect<Option.Option<A>, never, R>
  /**
   * The values of many keys, in the order asked, without the keys that have none: one read of the cache, one `lookupMany`
   * for all that is missing (or lookups side by side), one write. Fails when a lookup fails.
   */
  readonly getMany: (keys: Iterable<Key>) => Effect.Effect<ReadonlyMap<Key, A>, E, R>
  /**
   * As `get`; but reads that run at the same time, by `Effect.forEach` with concurrency for one, become one `getMany`, by
   * Effect's `RequestResolver`. Each fails for itself. Unbound, readers whose services differ share no batch.
   */
  readonly getBatched: (key: Key) => Effect.Effect<Answer, E, R>
  /**
   * Keeps a value that is known to be the current one, in place of what was kept. Where the cache fails, what was kept is
   * forgotten, as `invalidate` does.
   */
  readonly set: (key: Key, value: A) => Effect.Effect<void, never, R>
  /**
   * As `set`, for many keys: two writes for all of them. Where the cache fails, all of them are forgotten. Beyond 1,000 keys
   * a reader may see some of them before others.
   */
  readonly setMany: (entries: Iterable<readonly [key: Key, value: A]>) => Effect.Effect<void, never, R>
  /**
   * Looks a key up now, whatever is kept, and keeps the value. No read of this process that begins once it has answered sees
   * an older one. Where the value cannot be kept, what was kept is forgotten. A failed lookup changes nothing.
   */
  readonly refresh: (key: Key) => Effect.Effect<Answer, E, R>
  /**
   * Forgets a key. To be run after the write that outdates it: reads of this process that begin once it is over never see
   * what was kept or looked up before, even if the cache could not be asked. See `make` for other processes.
   */
  readonly invalidate: (key: Key) => Effect.Effect<void, never, R>
  /** As `invalidate`, for many keys, in one write. */
  readonly invalidateMany: (keys: Iterable<Key>) => Effect.Effect<void, never, R>
  /**
   * As `invalidate`, but leaves the value for those whose lookup fails, for `staleFor`: the next reads look up at once, and
   * never see it where the source answers. Takes four round trips; where one of them fails, the key is forgotten.
   */
  readonly expire: (key: Key) => Effect.Effect<void, never, R>
  /** Forgets every key, in constant time. */
  readonly invalidateAll: Effect.Effect<void, never, R>
  /**
   * Forgets every key whose value has the tag, in constant time: of this `Cached`, and of every other one on the same cache,
   * since tags belong to the cache.
   */
  readonly invalidateTag: (tag: string) => Effect.Effect<void, never, R>
  /** What every `Cached` of this namespace has done in this process. */
  readonly stats: Effect.Effect<CachedStats>
}

/** How a lookup of a key finds the cache. */
export interface LookupContext<A> {
  /**
   * The value that the cache has of the key, stale or soon to be. None where it has none that is valid, after an
   * invalidation for example. A lookup that finds it unchanged, by an ETag for example, gives it back: it is kept anew.
   */
  readonly previous: Option.Option<A>
}

/** How a lookup of many keys finds the cache. */
export interface LookupManyContext<Key, A> {
  /** The values that the cache has of the keys, as `previous` of a single lookup. */
  readonly previous: ReadonlyMap<Key, A>
}

/** Looks up many keys at once. The pairs, a `Map` for one, may come in any order, and leave out keys. */
export type LookupMany<Key, A, E, R> = (
  keys: ReadonlyArray<Key>,
  context: LookupManyContext<Key, A>
) => Effect.Effect<Iterable<readonly [key: Key, value: A]>, E, R>

/** What a `Cached` keeps, and for how long. Durations are `Duration.Input`: a bare number is milliseconds. */
export interface CachedOptions<
  Key,
  A,
  Negative extends Duration.Input = never,
  Timeout extends Duration.Input = never
> {
  /** The part of the cache that belongs to this view. */
  readonly namespace: string
  /**
   * How values are written, as JSON, and checked when they are read; it needs no services and works at once. Its shape is
   * part of every key: a version of the program with another shape starts clean.
   */
  readonly schema: Schema.Codec<A, unknown>
  /**
   * How long a value is fresh, over zero; or a function that says so of a value, where zero keeps it not at all and 7 days
   * is the most.
   */
  readonly ttl: Duration.Input | ((value: A, key: Key) => Duration.Input)
  /**
   * The share of its time to live, from 0 to 1, by which a value is fresh for less, drawn for each: values that were loaded
   * together do not end together. 0 unless given.
   */
  readonly jitter?: number | undefined
  /**
   * For how long a value that is no longer fresh is served while it is looked up again in the background, once at a time;
   * also while that fails, which is logged. Zero unless given. No value is served after `ttl` + `staleFor`.
   */
  readonly staleFor?: Duration.Input | undefined
  /**
   * Looks a fresh value up again in the background, the likelier the nearer its end and the longer its lookup took, so that
   * a busy key never becomes stale (XFetch, Vattani and others, VLDB 2015). The number is its beta: 1 is the best in
   * theory, more refreshes earlier. 0, which is the default, is never.
   */
  readonly refreshAhead?: number | undefined
  /** How long a lookup may take before it is interrupted and fails with `Cause.TimeoutError`. Without it, any time. */
  readonly lookupTimeout?: Timeout | undefined
  /**
   * How long a lookup in the background may take before it is interrupted. `lookupTimeout` unless given, and without that
   * a minute.
   */
  readonly refreshTimeout?: Duration.Input | undefined
  /**
   * How long a read that finds a stale value waits for a newer one before it answers with the stale one; so it does as well
   * when the lookup fails. Zero unless given: stale values are answered at once.
   */
  readonly softLookupTimeout?: Duration.Input | undefined
  /**
   * Makes absence an answer: `lookup` gives an option, and so do reads. The duration is how long it is remembered that a
   * key has no value, zero for not at all.
   */
  readonly negativeTtl?: Negative | undefined
  /**
   * How long a value that is good enough meanwhile, a stale one for example, is not looked up again after its lookup failed:
   * a source that fails is not asked by every read. 10 seconds unless given, zero for no rest. It is by process and key, and
   * over once the key is looked up for any other reason, or invalidated.
   */
  readonly retryAfter?: Duration.Input | undefined
  /**
   * How long the failure of a lookup is handed on to those who read the key next and find no value, by process. Zero unless
   * given: each of them looks up again. No defect and no interruption is handed on.
   */
  readonly failureTtl?: Duration.Input | undefined
  /** What a value is tagged with, for `invalidateTag`. Untagged unless given. */
  readonly tags?: ((value: A, key: Key) => ReadonlyArray<string>) | undefined
  /**
   * Shares single lookups with other processes: one takes a lease on the key, for at most this long, and the others wait
   * for what it keeps. A read waits for this long at most, and then looks up itself; so should the owner die. It costs a
   * missing key two more round trips. Without it, each process looks up by itself. `getMany` takes no leases.
   */
  readonly lease?: Duration.Input | undefined
  /** How the text of an entry is written into the cache, compressed for one. As it is unless given. */
  readonly codec?: Codec | undefined
  /** How many lookups `getMany` runs side by side without a `lookupMany`, a positive integer. 16 unless given. */
  readonly concurrency?: number | "unbounded" | undefined
}

/** How keys are made into text. What is no text, number or tuple of them says how it becomes one. */
export type KeyOption<Key> = [KeyOf<Key>] extends [CachedKey]
  ? {
      /**
       * The parts of a key's text, joined as by `CacheKey.make`. Keys of the same text are the same key: 1 is "1". The key
       * itself unless given.
       */
      readonly key?: ((key: Key) => CachedKey) | undefined
    }
  : {
      /** The parts of a key's text, joined as by `CacheKey.make`. Keys of the same text are the same key: 1 is "1". */
      readonly key: (key: Key) => CachedKey
    }

/**
 * The keys of a `Cached`: those that its lookup takes; where that takes any, those that are text by themselves. It takes any
 * as well as long as nobody knows what it takes, and is not to be refused before.
 */
export type KeyOf<Key> = unknown extends Key ? CachedKey : Key

/** What a read gives: with a `negativeTtl` an option. */
export type Answer<A, Negative> = [Negative] extends [never] ? A : Option.Option<A>

/** The errors of lookups: with a `lookupTimeout` also that it was over. */
export type LookupError<E, Timeout> = [Timeout] extends [never] ? E : E | Cause.TimeoutError

/**
 * A `Cached` whose methods need the cache and the services of its lookup. Itself an effect that gives the same `Cached`
 * with both of them at hand, for a layer: its lookups run with the services of the layer, never with the reader's. Where
 * that closes, lookups in the background end, and writes that have begun are waited for.
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

/**
 * Forgets what has the tag, of every `Cached` on the cache, in constant time: an entity and the lists that it is in, for
 * example. As the method of the same name of any of them, for code that has none at hand.
 */
export const invalidateTag: (tag: string) => Effect.Effect<void, never, CachePort> = Binding.invalidateTag

/**
 * Makes a `Cached`. Throws on options out of range.
 *
 * A read asks the cache once, and where values have tags twice; each of them ends by the cache's own deadline. What it does
 * not find it looks up, once the key has a generation, and answers, while the value is written. With `FailOpen.layer` below
 * the same holds: `Cached` sees the failures, and they are counted and logged there.
 *
 * What a read may see:
 *
 * - Never a value after `ttl` + `staleFor`.
 * - In this process, never a value from before an `invalidate` that was over when the read began. Where the cache failed
 *   meanwhile, the key is looked up each time until the invalidation has been made good for.
 * - In other processes the same, once the invalidation has reached the cache. An invalidation that never reaches it, since
 *   this process ends before, is bounded by `ttl` + `staleFor`.
 *
 * A lookup that began before an invalidation, in whatever process, keeps nothing that is read afterwards.
 */
export const make: {
  <Key, A, E = never, R = never, Negative extends Duration.Input = never, Timeout extends Duration.Input = never>(
    options: CachedOptions<Key, A, Negative, Timeout> & {
      readonly lookup?: undefined
      /**
       * Looks up what is missing, for `get` a single key. A key that it leaves out has no value: with `negativeTtl` that is
       * an answer, without it `get` dies with a `Cause.NoSuchElementError`.
       */
      readonly lookupMany: LookupMany<Key, NoInfer<A>, E, R>
    } & KeyOption<NoInfer<Key>>
  ): UnboundCached<KeyOf<Key>, A, Answer<A, Negative>, LookupError<E, Timeout>, R | CachePort>
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
       * Looks a key up where the cache has no value of it. Its failure is the reader's, and not kept. It runs with the
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
} = (options: any): any => Binding.unbound(Policy.make(options))
