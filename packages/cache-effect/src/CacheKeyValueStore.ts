/**
 * Effect's `KeyValueStore` on a cache.
 *
 * @module
 */
import { type CacheError, CachePort, Glob } from "@hexcache/cache-port"
import { Effect, Layer, Option, Stream } from "effect"
import { KeyValueStore } from "effect/persistence"

/**
 * A `KeyValueStore` in a cache. Its entries never expire, but a cache may evict or lose them.
 *
 * Every failure is a `KeyValueStoreError` whose cause is the `CacheError`, since an absent value can mean more to those who
 * ask a `KeyValueStore` than to those who ask a cache. Where it means nothing but a miss, provide the cache by way of
 * `FailOpen.layer`. A key follows the law of the port: it is not empty. `modify` is a `get` and a `set`, not one step.
 *
 * Entries are `key-value:<key>` within the cache's namespace, so that `clear` removes nothing else. `keys` and `size` scan
 * the whole store.
 *
 * @example
 * ```ts
 * const store = CacheKeyValueStore.layer.pipe(
 *   Layer.provide(CacheRedis.layer({ url, namespace: "shop" }))
 * )
 * ```
 */
export const layer: Layer.Layer<KeyValueStore.KeyValueStore, never, CachePort> = Layer.effect(
  KeyValueStore.KeyValueStore,
  Effect.map(CachePort, (cache) => make(CachePort.namespaced(cache, "key-value")))
)

const make = (cache: CachePort["Service"]): KeyValueStore.KeyValueStore =>
  KeyValueStore.makeStringOnly({
    get: (key) => failing("get", Effect.map(cache.get(key), Option.getOrUndefined), key),
    set: (key, value) => failing("set", cache.set(key, value), key),
    remove: (key) => failing("remove", Effect.asVoid(cache.delete(key)), key),
    has: (key) => failing("has", cache.exists(key), key),
    clear: failing("clear", cache.flush),
    clearPrefix: (prefix) => failing("clearPrefix", Effect.asVoid(cache.deletePattern(`${Glob.escape(prefix)}*`))),
    keys: failing("keys", Stream.runCollect(cache.scan("*"))),
    size: failing("size", Stream.runCount(cache.scan("*"))),
    isEmpty: failing("isEmpty", Effect.map(Stream.runHead(cache.scan("*")), Option.isNone))
  })

const failing = <A>(
  method: string,
  asked: Effect.Effect<A, CacheError>,
  key?: string
): Effect.Effect<A, KeyValueStore.KeyValueStoreError> =>
  Effect.mapError(
    asked,
    (cause) =>
      new KeyValueStore.KeyValueStoreError({
        message: cause.message,
        method,
        cause,
        ...(key === undefined ? undefined : { key })
      })
  )
