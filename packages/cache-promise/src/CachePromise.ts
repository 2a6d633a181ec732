/**
 * A cache for code without Effect: promises over any layer of `CachePort`.
 */
import { Breaker, FailOpen } from "@hexcache/cache-layers"
import { CachePort, CacheStats, TimeToLive } from "@hexcache/cache-port"
import { namespaceOf } from "@hexcache/cache-port/internal"
import { Context, Duration, Effect, Exit, Layer, Option, Scope, Stream } from "effect"
import type { CacheDuration } from "./CacheDuration.ts"
import {
  type CachedAnswer,
  type CachedOptions,
  type CachedPromise,
  type KeyOf,
  type ManyLookup,
  makeCached,
  type SingleLookup
} from "./CachedPromise.ts"
import type { CacheAnswer, CacheFailures } from "./CacheResult.ts"
import { type CacheStatus, type StatusService, statusIn, statusOf } from "./CacheStatus.ts"
import { type CallOptions, failuresOf } from "./CallOptions.ts"
import { type JsonOptions, validateJson } from "./JsonOptions.ts"
import { type LayerOptions, withLayers } from "./OpenedLayers.ts"
import { Runner } from "./Runner.ts"
import { type WrapOptions, type Wrapped, wrapWith } from "./Wrapped.ts"

/** A value that JSON can represent. */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

/** How a value is written. */
export interface WriteOptions extends CallOptions {
  /**
   * Over zero and at most 2^53 - 1 ms, rounded up to whole milliseconds. Without it, or with `Infinity`, the key never
   * expires.
   */
  readonly ttl?: CacheDuration | undefined
}

/** How a cache is opened. */
export interface OpenOptions<Failures extends CacheFailures> extends LayerOptions {
  /**
   * `"throw"`, which is the default: the promise of a failed operation rejects with its `CacheError`. `"result"`: every
   * operation resolves to a `CacheResult`.
   */
  readonly failures?: Failures | undefined
  /**
   * Waits until the cache works, at most so long, over zero: until a `ping` succeeds. When the time is over, `open`
   * rejects with a `CacheError` for `Unavailable`, whose message says why the last one failed, and closes the cache.
   * `Infinity` waits for as long as it takes.
   *
   * Without it, `open` waits for nothing, and operations wait for the first connection within their own deadlines. That
   * is right for a service, which goes on without its cache.
   */
  readonly ready?: CacheDuration | undefined
  /**
   * The service of the adapter that has the state of its connections, for `status` and `statusChanges`: `RedisStatus` of
   * `@hexcache/cache-redis`. `open` rejects where the layer has no such service.
   */
  readonly status?: StatusService | undefined
}

/**
 * A cache whose operations are promises. The laws are those of `CachePort`, whose members have the same names.
 *
 * Every failure is a `CacheError`, that of bad input too; no member throws instead of returning a promise.
 *
 * @example
 * ```ts
 * await using cache = await CachePromise.open(CacheRedis.layer({ url, namespace: "shop" }))
 * await cache.set("greeting", "hello", { ttl: "5 minutes" })
 * await cache.get("greeting") // => "hello"
 * ```
 */
export class CachePromise<Failures extends CacheFailures = "throw"> {
  /**
   * Opens a cache. Rejects with what the layer fails with, such as an option that breaks a law. A server that does not
   * answer is none of that, unless `ready` says to wait for it.
   */
  static async open<const Failures extends CacheFailures = "throw">(
    layer: Layer.Layer<CachePort, unknown>,
    options: OpenOptions<Failures> = {}
  ): Promise<CachePromise<Failures>> {
    const failures = failuresOf(options)
    const scope = Scope.makeUnsafe()
    const built = Layer.buildWithScope(withLayers(layer, options), scope)
    const ready = (context: Context.Context<CachePort>) =>
      CachePort.ready(Context.get(context, CachePort), { timeout: options.ready })
    const { context, status } = await Effect.runPromise(
      Effect.onError(
        Effect.flatMap(options.ready === undefined ? built : Effect.tap(built, ready), (context) =>
          Effect.map(statusIn(context, options.status), (status) => ({ context, status }))
        ),
        () => Scope.close(scope, Exit.void)
      )
    )
    return new CachePromise(Context.get(context, CachePort), new Runner(context, failures), scope, status)
  }

  readonly #cache: CachePort["Service"]
  readonly #runner: Runner<Failures>
  readonly #scope: Scope.Closeable
  readonly #status: StatusService["Service"] | undefined

  private constructor(
    cache: CachePort["Service"],
    runner: Runner<Failures>,
    scope: Scope.Closeable,
    status: StatusService["Service"] | undefined
  ) {
    this.#cache = cache
    this.#runner = runner
    this.#scope = scope
    this.#status = status
  }

  /**
   * A part of this cache as a cache of its own: its keys are `namespace:key` within this one, and its `scan`,
   * `deletePattern` and `flush` see nothing else. Closing either closes both.
   */
  namespaced(namespace: string): CachePromise<Failures> {
    return new CachePromise(CachePort.namespaced(this.#cache, namespace), this.#runner, this.#scope, this.#status)
  }

  /**
   * A typed read-through of one namespace of this cache, with lookups of many keys. Make it once, not for each request.
   * Throws on options out of range. Its calls reject with what the lookup rejected with, also where failures are results.
   */
  cached<Key, A, Negative extends CacheDuration = never>(
    options: CachedOptions<Key, A, Negative> & { readonly lookup?: undefined } & ManyLookup<Key, A>
  ): CachedPromise<KeyOf<Key>, A, CachedAnswer<A, Negative>>
  /**
   * A typed read-through of one namespace of this cache, as `Cached` is. Make it once, not for each request. Throws on
   * options out of range. Its calls reject with what the lookup rejected with, also where failures are results. Without a
   * schema nothing has checked the `previous` value of a lookup.
   *
   * @example
   * ```ts
   * await using cache = await CachePromise.open(CacheRedis.layer({ url, namespace: "shop" }))
   * const squares = cache.cached({ namespace: "square", lookup: async (side: number) => side * side, ttl: "5 minutes" })
   * await squares.get(3) // => 9
   * ```
   */
  cached<Key, A, Negative extends CacheDuration = never>(
    options: CachedOptions<Key, A, Negative> & { readonly schema?: undefined } & SingleLookup<Key, A, Negative, unknown>
  ): CachedPromise<KeyOf<Key>, A, CachedAnswer<A, Negative>>
  /**
   * A typed read-through of one namespace of this cache, as `Cached` is, whose schema checks each value that is read. Make it
   * once, not for each request. Throws on options out of range. Its calls reject with what the lookup rejected with, also
   * where failures are results.
   */
  cached<Key, A, Negative extends CacheDuration = never>(
    options: CachedOptions<Key, A, Negative> & SingleLookup<Key, NoInfer<A>, Negative>
  ): CachedPromise<KeyOf<Key>, A, CachedAnswer<A, Negative>>
  cached<Key, A, Answer>(options: object): CachedPromise<Key, A, Answer> {
    return makeCached(options, this.#runner.throwing(), (unbound) => this.#bind(unbound))
  }

  /**
   * A function that returns what `run` does, and keeps it: same arguments, same type. The namespace is its own, since two
   * functions that shared one would return each other's results.
   *
   * @typeParam F - The function.
   */
  // biome-ignore lint/suspicious/noExplicitAny: a function of any type.
  wrap<F extends (...args: any) => PromiseLike<unknown>>(run: F, options: WrapOptions<F>): Wrapped<F> {
    return wrapWith(run, options, (cached) =>
      makeCached(cached, this.#runner.throwing(), (unbound) => this.#bind(unbound))
    )
  }

  /** The number of failures that `failOpen` has hidden; 0 without it. */
  get hiddenFailures(): number {
    const failOpen = Context.getOption(this.#runner.context, FailOpen)
    return Option.isNone(failOpen) ? 0 : Effect.runSync(failOpen.value.failures)
  }

  /** The state of the `breaker`, for a health check; `undefined` without one. */
  get breakerState(): "closed" | "open" | "half-open" | undefined {
    const breaker = Context.getOption(this.#runner.context, Breaker)
    return Option.isNone(breaker) ? undefined : Effect.runSync(breaker.value.state)
  }

  /** The hits, misses and errors of this namespace in this process, of every cache that has it. */
  get stats(): CacheStats.NamespaceStats {
    return Effect.runSync(CacheStats.of(namespaceOf(this.#cache)))
  }

  /** The state of the connections now, for a health check: sends nothing. `undefined` without the option `status`. */
  get status(): CacheStatus | undefined {
    return this.#status && statusOf(Effect.runSync(this.#status.current))
  }

  /**
   * The state of the connections now, and every change from then on, until the cache closes or the signal aborts. A slow
   * reader misses the oldest of many changes. Empty without the option `status`.
   */
  statusChanges(options?: CallOptions): AsyncIterable<CacheStatus> {
    const changes = this.#status?.changes ?? Stream.empty
    return this.#runner.throwing().each("ping", Stream.map(changes, statusOf), options)
  }

  #bind<A>(unbound: Effect.Effect<A, never, CachePort>): A {
    return Effect.runSync(
      unbound.pipe(
        Effect.provideService(CachePort, this.#cache),
        Effect.provideService(Scope.Scope, this.#scope),
        Effect.provide(this.#runner.context)
      )
    )
  }

  /** The value; `undefined` when absent or expired. */
  get(key: string, options?: CallOptions): Promise<CacheAnswer<string | undefined, Failures>> {
    return this.#runner.ask("get", this.#cache.get(key), Option.getOrUndefined, options)
  }

  /** The value parsed as JSON; `undefined` when absent. Text that does not parse fails with `InvalidValue`. */
  getJson(key: string, options?: CallOptions): Promise<CacheAnswer<Json | undefined, Failures>>
  /**
   * The value parsed as JSON, as the schema returns it; `undefined` when absent. Text that does not parse and JSON that the
   * schema refuses fail with `InvalidValue`.
   */
  getJson<A>(key: string, options: JsonOptions<A>): Promise<CacheAnswer<A | undefined, Failures>>
  getJson(key: string, options?: Partial<JsonOptions<unknown>>): Promise<CacheAnswer<unknown, Failures>> {
    const schema = options?.schema
    const json = this.#cache.getJson(key)
    const read = schema === undefined ? json : Effect.flatMap(json, validateJson(key, schema))
    return this.#runner.ask("getJson", read, Option.getOrUndefined<unknown>, options)
  }

  /** Replaces value and time to live; without `ttl` the key never expires. */
  set(key: string, value: string, options?: WriteOptions): Promise<CacheAnswer<void, Failures>> {
    return this.#runner.ask("set", this.#cache.set(key, value, withoutSignal(options)), nothing, options)
  }

  /**
   * As `set`, with the value written by `JSON.stringify`: any value, since TypeScript does not take an `interface` for JSON.
   * A value that `JSON.stringify` refuses or drops fails with `InvalidValue`.
   */
  setJson(key: string, value: unknown, options?: WriteOptions): Promise<CacheAnswer<void, Failures>> {
    return this.#runner.ask("setJson", this.#cache.setJson(key, value, withoutSignal(options)), nothing, options)
  }

  /** Sets the key if it is absent, in one atomic step. True if it did. */
  setIfAbsent(key: string, value: string, options?: WriteOptions): Promise<CacheAnswer<boolean, Failures>> {
    return this.#runner.ask("setIfAbsent", this.#cache.setIfAbsent(key, value, withoutSignal(options)), itself, options)
  }

  /** Removes a key. True when a live key was removed. */
  delete(key: string, options?: CallOptions): Promise<CacheAnswer<boolean, Failures>> {
    return this.#runner.ask("delete", this.#cache.delete(key), itself, options)
  }

  /** Removes keys. Returns the number of those that were live. A repeated key counts once. */
  deleteMany(keys: Iterable<string>, options?: CallOptions): Promise<CacheAnswer<number, Failures>> {
    return this.#runner.ask("deleteMany", this.#cache.deleteMany(keys), itself, options)
  }

  /** Reads and removes in one atomic step. */
  getAndDelete(key: string, options?: CallOptions): Promise<CacheAnswer<string | undefined, Failures>> {
    return this.#runner.ask("getAndDelete", this.#cache.getAndDelete(key), Option.getOrUndefined, options)
  }

  /** Removes the key only while its value equals `expected`, in one atomic step. */
  compareAndDelete(key: string, expected: string, options?: CallOptions): Promise<CacheAnswer<boolean, Failures>> {
    return this.#runner.ask("compareAndDelete", this.#cache.compareAndDelete(key, expected), itself, options)
  }

  /**
   * Reads a value and gives its key a new time to live, over zero, in one atomic step; `undefined` when absent. So a session
   * slides on.
   */
  getAndExpire(
    key: string,
    ttl: CacheDuration,
    options?: CallOptions
  ): Promise<CacheAnswer<string | undefined, Failures>> {
    return this.#runner.ask("getAndExpire", this.#cache.getAndExpire(key, ttl), Option.getOrUndefined, options)
  }

  /**
   * Gives the key a new time to live, over zero, only while its value equals `expected`, in one atomic step. So only its
   * owner renews a lock.
   */
  compareAndExpire(
    key: string,
    expected: string,
    ttl: CacheDuration,
    options?: CallOptions
  ): Promise<CacheAnswer<boolean, Failures>> {
    return this.#runner.ask("compareAndExpire", this.#cache.compareAndExpire(key, expected, ttl), itself, options)
  }

  /** True if the key is live. */
  exists(key: string, options?: CallOptions): Promise<CacheAnswer<boolean, Failures>> {
    return this.#runner.ask("exists", this.#cache.exists(key), itself, options)
  }

  /**
   * Gives a live key a new time to live; false when absent. Zero deletes at once and returns true; `Infinity` lets the
   * key never expire.
   */
  expire(key: string, ttl: CacheDuration, options?: CallOptions): Promise<CacheAnswer<boolean, Failures>> {
    return this.#runner.ask("expire", this.#cache.expire(key, ttl), itself, options)
  }

  /** Milliseconds that are left of the key's life: `Infinity` when it never expires, `undefined` when absent. */
  ttl(key: string, options?: CallOptions): Promise<CacheAnswer<number | undefined, Failures>> {
    return this.#runner.ask("ttl", this.#cache.ttl(key), millisOf, options)
  }

  /**
   * Adds `amount`, a safe integer (1 by default), in one atomic step. Returns the sum. An absent key counts from 0;
   * `ttl` is set only when this call creates the key.
   */
  increment(key: string, amount?: number, options?: WriteOptions): Promise<CacheAnswer<number, Failures>> {
    return this.#runner.ask("increment", this.#cache.increment(key, amount, withoutSignal(options)), itself, options)
  }

  /** As `increment`, with the amount taken away. */
  decrement(key: string, amount?: number, options?: WriteOptions): Promise<CacheAnswer<number, Failures>> {
    return this.#runner.ask("decrement", this.#cache.decrement(key, amount, withoutSignal(options)), itself, options)
  }

  /**
   * Every key asked for, in the order asked, with its value or `undefined`. Up to 100 keys as of one moment, beyond that in
   * parts.
   */
  getMany(
    keys: Iterable<string>,
    options?: CallOptions
  ): Promise<CacheAnswer<ReadonlyMap<string, string | undefined>, Failures>> {
    return this.#runner.ask("getMany", this.#cache.getMany(keys), valuesOf, options)
  }

  /** Sets every entry, each as `set` does. The last of a repeated key wins. */
  setMany(
    entries: Iterable<readonly [key: string, value: string]>,
    options?: WriteOptions
  ): Promise<CacheAnswer<void, Failures>> {
    return this.#runner.ask("setMany", this.#cache.setMany(entries, withoutSignal(options)), nothing, options)
  }

  /** Removes the keys that match a pattern of Redis's glob language. Returns their number. */
  deletePattern(pattern: string, options?: CallOptions): Promise<CacheAnswer<number, Failures>> {
    return this.#runner.ask("deletePattern", this.#cache.deletePattern(pattern), itself, options)
  }

  /**
   * Each live key that matches a pattern, once, in no order. Where failures are results, every key is one, and a failure
   * is the last.
   */
  scan(pattern: string, options?: CallOptions): AsyncIterable<CacheAnswer<string, Failures>> {
    return this.#runner.each("scan", this.#cache.scan(pattern), options)
  }

  /** Removes this namespace's keys and nobody else's. */
  flush(options?: CallOptions): Promise<CacheAnswer<void, Failures>> {
    return this.#runner.ask("flush", this.#cache.flush, nothing, options)
  }

  /** A round trip to every place of the store that takes writes. */
  ping(options?: CallOptions): Promise<CacheAnswer<true, Failures>> {
    return this.#runner.ask("ping", this.#cache.ping, itself, options)
  }

  /**
   * Closes the cache and all that it opened. Operations in flight end; later ones, on a store with a server, fail with
   * `Unavailable`.
   */
  close(): Promise<void> {
    return Effect.runPromise(Scope.close(this.#scope, Exit.void))
  }

  /** As `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

const itself = <A>(answer: A): A => answer

const nothing = (): void => undefined

/** The options as the port takes them. */
const withoutSignal = (options: WriteOptions | undefined): WriteOptions | undefined =>
  options?.signal === undefined ? options : { ...options, signal: undefined }

const millisOf = TimeToLive.$match({
  Missing: () => undefined,
  Persistent: () => Infinity,
  Expires: ({ remaining }) => Duration.toMillis(remaining)
})

const valuesOf = (found: ReadonlyMap<string, Option.Option<string>>): ReadonlyMap<string, string | undefined> => {
  const values = new Map<string, string | undefined>()
  for (const [key, value] of found) values.set(key, Option.getOrUndefined(value))
  return values
}
