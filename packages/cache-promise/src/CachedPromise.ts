/**
 * A typed read-through for code without Effect: `Cached` with promises.
 */
import type { CachePort, Codec } from "@hexcache/cache-port"
import { Cached } from "@hexcache/cached"
import type { StandardSchemaV1 } from "@standard-schema/spec"
import { Effect, Option } from "effect"
import type { CacheDuration } from "./CacheDuration.ts"
import type { CallOptions } from "./CallOptions.ts"
import { ofProgram } from "./LookupErrors.ts"
import { withinSpan } from "./OpenTelemetry.ts"
import type { Runner } from "./Runner.ts"
import { standardCodec } from "./StandardCodec.ts"

/** A key that is text by itself: text, a number, or a tuple of them. */
export type CachedKey = Cached.CachedKey

/** The counts of one namespace since the process began. */
export type CachedStats = Cached.CachedStats

/** The keys of a view: those that its lookup takes; where that takes any, those that are text by themselves. */
export type KeyOf<Key> = Cached.KeyOf<Key>

/** The success of a read: with a `negativeTtl`, `undefined` for a key that has no value. */
export type CachedAnswer<A, Negative> = [Negative] extends [never] ? A : A | undefined

/** The circumstances of a lookup of one key. */
export interface LookupContext<A> {
  /** Aborts when nobody waits for the lookup any more, or its time is over. */
  readonly signal: AbortSignal
  /**
   * The value that the cache has of the key, stale or soon to be; `undefined` where it has none that is valid. A lookup
   * that finds it unchanged, by an ETag for example, returns it, to be stored anew.
   */
  readonly previous: A | undefined
}

/** The circumstances of a lookup of many keys. */
export interface LookupManyContext<Key, A> {
  /** Aborts when nobody waits for the lookup any more, or its time is over. */
  readonly signal: AbortSignal
  /** The values that the cache has of the keys, as `previous` of a single lookup. */
  readonly previous: ReadonlyMap<Key, A>
}

/** The times of a `CachedPromise`, and how its values are stored. They mean what they do for `Cached`. */
export interface CachedSettings<Key, A> {
  /** The part of the cache that belongs to this view. */
  readonly namespace: string
  /**
   * Checks values when they are read, synchronously: any Standard Schema, of Zod, Valibot, ArkType or Effect for example.
   * It takes the JSON of a value, and returns the value. Values that it refuses are returned by their lookup and not
   * stored. Give the namespace another name where the same JSON gets another meaning. Defaults to all that JSON has.
   */
  readonly schema?: StandardSchemaV1<unknown, A> | undefined
  /**
   * The time for which a value is fresh, over zero; or a function that returns it for a value, where zero stores nothing and
   * 7 days is the most.
   */
  readonly ttl: CacheDuration | ((value: A, key: Key) => CacheDuration)
  /** The share of its `ttl`, from 0 to below 1, by which a value is fresh for less, drawn for each. Defaults to 0. */
  readonly jitter?: number | undefined
  /** The time for which a stale value is served while it is looked up, and while that fails. Defaults to zero. */
  readonly staleFor?: CacheDuration | undefined
  /** The beta of XFetch: looks busy keys up before their end. Defaults to 0, which is never; 1 is the best in theory. */
  readonly refreshAhead?: number | undefined
  /** The time after which a lookup is aborted and fails with a `TimeoutError` of the DOM. Defaults to no limit. */
  readonly lookupTimeout?: CacheDuration | undefined
  /** The time after which a lookup in the background is aborted. Defaults to `lookupTimeout`, else to a minute. */
  readonly refreshTimeout?: CacheDuration | undefined
  /** The time that a read waits for a newer value before it returns the stale one. Defaults to zero. */
  readonly softLookupTimeout?: CacheDuration | undefined
  /** The rest after a failed lookup of a key that has a value to serve. Defaults to 10 seconds. */
  readonly retryAfter?: CacheDuration | undefined
  /** The time after a failed lookup in which reads that find no value fail as it did. Defaults to zero. */
  readonly failureTtl?: CacheDuration | undefined
  /** The tags of a value, for `invalidateTag`. Defaults to none. */
  readonly tags?: ((value: A, key: Key) => ReadonlyArray<string>) | undefined
  /** Shares single lookups with other processes, for at most this long. Defaults to no sharing. */
  readonly lease?: CacheDuration | undefined
  /** The number of lookups that `getMany` runs side by side without a `lookupMany`. Defaults to 16. */
  readonly concurrency?: number | "unbounded" | undefined
}

/** The option that makes text of keys. Required for keys that are no text, number or tuple of them. */
export type CachedKeyOption<Key> = Cached.KeyOption<Key>

/**
 * The lookup of single keys, and maybe one of many. `Previous` is the type of the previous value: unknown without a schema,
 * which nothing has checked.
 */
export interface SingleLookup<Key, A, Negative, Previous = A> {
  /** Looks a key up where the cache has no value of it. Its failure is the reader's, as it is, and not stored. */
  readonly lookup: (key: Key, context: LookupContext<NoInfer<Previous>>) => PromiseLike<CachedAnswer<A, Negative>>
  /** Looks up what `getMany` misses. */
  readonly lookupMany?: LookupMany<Key, NoInfer<A>> | undefined
}

/** The lookup of many keys alone. */
export interface ManyLookup<Key, A> {
  readonly lookup?: undefined
  /** Looks up what is missing, for `get` a single key. A key that it leaves out has no value. */
  readonly lookupMany: LookupMany<Key, A>
}

/** Looks up many keys at once. The pairs, a `Map` for example, may come in any order, and leave out keys. */
export type LookupMany<Key, A> = (
  keys: ReadonlyArray<Key>,
  context: LookupManyContext<Key, NoInfer<A>>
) => PromiseLike<Iterable<readonly [key: Key, value: A]>>

/** The options of `CachePromise.cached`. */
export type CachedOptions<Key, A, Negative extends CacheDuration = never> = CachedSettings<NoInfer<Key>, A> & {
  /** Makes absence a result, `undefined`. The duration is the time for which it is stored, zero for not at all. */
  readonly negativeTtl?: Negative | undefined
  /** Encodes the text of an entry in the cache, by compression for example. Defaults to the text itself. */
  readonly codec?: Codec | undefined
} & CachedKeyOption<NoInfer<Key>>

let construct: <Key, A, Answer>(
  cached: Cached.Cached<Key, A, Option.Option<A> | A, unknown>,
  runner: Runner<"throw">,
  isOptional: boolean
) => CachedPromise<Key, A, Answer>

/**
 * A typed view of one namespace of a cache. No failure of the cache shows in it: reads reject with what their lookup
 * rejected with, the same object, or with the reason of their signal. Its methods have the laws of those of `Cached`.
 *
 * A signal ends its own call; a lookup goes on as long as another reader waits for it.
 */
export class CachedPromise<in out Key, in out A, out Answer = A> {
  static {
    construct = (cached, runner, isOptional) => new CachedPromise(cached, runner, isOptional)
  }

  readonly #cached: Cached.Cached<Key, A, Option.Option<A> | A, unknown>
  readonly #runner: Runner<"throw">
  readonly #isOptional: boolean

  // Private, so that no type of Effect is part of the public API.
  private constructor(
    cached: Cached.Cached<Key, A, Option.Option<A> | A, unknown>,
    runner: Runner<"throw">,
    isOptional: boolean
  ) {
    this.#cached = cached
    this.#runner = runner
    this.#isOptional = isOptional
  }

  /** The value of a key, from the cache, or looked up and stored. Readers at the same time share one lookup. */
  get(key: Key, options?: CallOptions): Promise<Answer> {
    return this.#runner.attempt(this.#cached.get(key), this.#answer, options)
  }

  /** The value of a key if the cache has one that may be served, else `undefined`. Starts no lookup. */
  getOption(key: Key, options?: CallOptions): Promise<A | undefined> {
    return this.#runner.attempt(this.#cached.getOption(key), Option.getOrUndefined, options)
  }

  /** The values of many keys, in their order, without the keys that have none. Rejects when a lookup does. */
  getMany(keys: Iterable<Key>, options?: CallOptions): Promise<ReadonlyMap<Key, A>> {
    return this.#runner.attempt(
      Effect.suspend(() => this.#cached.getMany(keys)),
      itself,
      options
    )
  }

  /** As `get`, but reads that begin at the same time become one `getMany`. Each rejects for itself. */
  getBatched(key: Key, options?: CallOptions): Promise<Answer> {
    return this.#runner.attempt(this.#cached.getBatched(key), this.#answer, options)
  }

  /** Stores a value that is known to be current. Where the cache fails, forgets the stored one. */
  set(key: Key, value: A, options?: CallOptions): Promise<void> {
    return this.#runner.attempt(this.#cached.set(key, value), nothing, options)
  }

  /** As `set`, for many keys. */
  setMany(entries: Iterable<readonly [key: Key, value: A]>, options?: CallOptions): Promise<void> {
    return this.#runner.attempt(
      Effect.suspend(() => this.#cached.setMany(entries)),
      nothing,
      options
    )
  }

  /** Looks a key up now, though the cache may have it, and stores the value. A failed lookup changes nothing. */
  refresh(key: Key, options?: CallOptions): Promise<Answer> {
    return this.#runner.attempt(this.#cached.refresh(key), this.#answer, options)
  }

  /**
   * Forgets a key. Await it after the write that outdates the value: reads of this process that begin once it is over never
   * see an older value, even if the cache failed.
   */
  invalidate(key: Key): Promise<void> {
    return this.#runner.attempt(this.#cached.invalidate(key), nothing, undefined)
  }

  /** As `invalidate`, for many keys, in one write. */
  invalidateMany(keys: Iterable<Key>): Promise<void> {
    return this.#runner.attempt(
      Effect.suspend(() => this.#cached.invalidateMany(keys)),
      nothing,
      undefined
    )
  }

  /** As `invalidate`, but leaves the value for reads whose lookup fails, for `staleFor`. */
  expire(key: Key): Promise<void> {
    return this.#runner.attempt(this.#cached.expire(key), nothing, undefined)
  }

  /** Forgets every key, in constant time. */
  invalidateAll(): Promise<void> {
    return this.#runner.attempt(this.#cached.invalidateAll, nothing, undefined)
  }

  /** Forgets every key whose value has the tag, of this and of every other view of the same cache, in constant time. */
  invalidateTag(tag: string): Promise<void> {
    return this.#runner.attempt(this.#cached.invalidateTag(tag), nothing, undefined)
  }

  /** The counts of every view of this namespace in this process. */
  get stats(): CachedStats {
    return Effect.runSync(this.#cached.stats)
  }

  readonly #answer = (answer: Option.Option<A> | A): Answer =>
    (this.#isOptional ? Option.getOrUndefined(answer as Option.Option<A>) : answer) as Answer
}

/** The functions of the program, whatever their types. */
interface AnyLookups {
  readonly lookup?: (key: unknown, context: LookupContext<unknown>) => PromiseLike<unknown>
  readonly lookupMany?: LookupMany<unknown, unknown>
}

/** Makes a `CachedPromise`, whose lookups in the background end when the scope of `bind` closes. */
export const makeCached = <Key, A, Answer>(
  options: object,
  runner: Runner<"throw">,
  bind: <B>(unbound: Effect.Effect<B, never, CachePort>) => B
): CachedPromise<Key, A, Answer> => {
  const { lookup, lookupMany, schema, ...rest } = options as AnyLookups & {
    readonly schema?: StandardSchemaV1
    readonly negativeTtl?: unknown
  }
  const isOptional = rest.negativeTtl !== undefined
  // Cached.make checks the options itself, for callers of every type.
  const make = Cached.make as unknown as (
    options: object
  ) => Effect.Effect<Cached.Cached<Key, A, Option.Option<A> | A, unknown>, never, CachePort>
  const unbound = make({
    ...rest,
    schema: standardCodec(schema),
    lookup:
      lookup &&
      ((key: Key, context: Cached.LookupContext<A>) => {
        const found = attempt((signal) => lookup(key, { signal, previous: Option.getOrUndefined(context.previous) }))
        return isOptional ? Effect.map(found, Option.fromUndefinedOr) : found
      }),
    lookupMany:
      lookupMany &&
      ((keys: ReadonlyArray<Key>, context: Cached.LookupManyContext<Key, A>) =>
        attempt((signal) => lookupMany(keys, { signal, previous: context.previous })))
  })
  return construct(bind(unbound), runner, isOptional)
}

/** Runs a function of the program, which without types may return no promise; its error is the failure, as it is. */
const attempt = <A>(run: (signal: AbortSignal) => PromiseLike<A>): Effect.Effect<A, unknown> =>
  Effect.withFiber((fiber) =>
    Effect.tryPromise({ try: async (signal) => withinSpan(fiber, () => run(signal)), catch: ofProgram })
  )

const itself = <A>(value: A): A => value

const nothing = (): void => undefined
