/**
 * One function around every operation of a cache: a layer around the port is made of it.
 */
import { type Effect, Exit, type Schema, type Stream } from "effect"
import type { CacheError, CacheOperation, CacheRequest } from "./CacheError.ts"
import type { CacheOperations } from "./CacheOperations.ts"
import * as Input from "./internal/Input.ts"
import { checked, checkedScan, withInput } from "./internal/InputCheck.ts"
import { layered } from "./internal/PortInternals.ts"

/**
 * Wraps operations, one call of either member for each. Input that the port refuses reaches neither, and nor does a batch
 * of no keys. The caller runs the effect or the stream returned once, often or never.
 */
export interface Interceptor {
  /** Wraps every operation but `scan`. */
  readonly wrap: <A>(operation: Effect.Effect<A, CacheError>, request: CacheRequest) => Effect.Effect<A, CacheError>
  /** Wraps a `scan`. */
  readonly wrapScan: (
    scan: Stream.Stream<string, CacheError>,
    request: CacheRequest
  ) => Stream.Stream<string, CacheError>
}

/**
 * Returns `cache` with every operation wrapped by `interceptor`, and those of its namespaces too.
 *
 * @example
 * ```ts
 * const slow = intercept(cache, {
 *   wrap: (operation) => Effect.delay(operation, "20 millis"),
 *   wrapScan: (scan) => scan
 * })
 * ```
 */
export const intercept = (cache: CacheOperations, interceptor: Interceptor): CacheOperations =>
  layered(cache, (inner) => interceptOperations(inner, interceptor))

/**
 * As `intercept`, but for the namespaces of `inner`.
 *
 * @internal
 */
export const interceptOperations = (inner: CacheOperations, interceptor: Interceptor): CacheOperations => {
  const wrap: Interceptor["wrap"] = (operation, request) =>
    isRefusal(operation) ? operation : interceptor.wrap(operation, request)

  const onKeys = <A>(operation: CacheOperation, f: (keys: ReadonlyArray<string>) => Effect.Effect<A, CacheError>) =>
    checked(operation, Input.keys, (keys) => (keys.length === 0 ? f(keys) : wrap(f(keys), { operation, keys })))

  return {
    get: (key) => wrap(inner.get(key), { operation: "get", key }),
    getJson: <A>(key: string, schema?: Schema.Decoder<A>) =>
      wrap(inner.getJson(key, schema), { operation: "getJson", key }),
    set: (key, value, options) => wrap(inner.set(key, value, options), { operation: "set", key }),
    setJson: (key, value, options) => wrap(inner.setJson(key, value, options), { operation: "setJson", key }),
    setIfAbsent: (key, value, options) =>
      wrap(inner.setIfAbsent(key, value, options), { operation: "setIfAbsent", key }),
    delete: (key) => wrap(inner.delete(key), { operation: "delete", key }),
    deleteMany: onKeys("deleteMany", (keys) => inner.deleteMany(keys)),
    getAndDelete: (key) => wrap(inner.getAndDelete(key), { operation: "getAndDelete", key }),
    compareAndDelete: (key, expected) =>
      wrap(inner.compareAndDelete(key, expected), { operation: "compareAndDelete", key }),
    getAndExpire: (key, ttl) => wrap(inner.getAndExpire(key, ttl), { operation: "getAndExpire", key }),
    compareAndExpire: (key, expected, ttl) =>
      wrap(inner.compareAndExpire(key, expected, ttl), { operation: "compareAndExpire", key }),
    exists: (key) => wrap(inner.exists(key), { operation: "exists", key }),
    expire: (key, ttl) => wrap(inner.expire(key, ttl), { operation: "expire", key }),
    ttl: (key) => wrap(inner.ttl(key), { operation: "ttl", key }),
    increment: (key, amount, options) => wrap(inner.increment(key, amount, options), { operation: "increment", key }),
    decrement: (key, amount, options) => wrap(inner.decrement(key, amount, options), { operation: "decrement", key }),
    getMany: onKeys("getMany", (keys) => inner.getMany(keys)),
    setMany: (entries, options) =>
      withInput(
        "setMany",
        () => Input.list(entries, Input.pair),
        (pairs) => {
          // The port below validates the values.
          const operation = inner.setMany(pairs as ReadonlyArray<readonly [string, string]>, options)
          const keys = Array.from(new Set(pairs.map(([key]) => key)))
          return keys.length === 0 ? operation : wrap(operation, { operation: "setMany", keys })
        }
      ),
    deletePattern: (pattern) => wrap(inner.deletePattern(pattern), { operation: "deletePattern" }),
    scan: checkedScan((pattern) => interceptor.wrapScan(inner.scan(pattern), { operation: "scan" })),
    flush: wrap(inner.flush, { operation: "flush" }),
    ping: wrap(inner.ping, { operation: "ping" })
  }
}

/** True for the effect that refuses input: it has failed already. */
const isRefusal = (operation: Effect.Effect<unknown, CacheError>): boolean => {
  if (!Exit.isExit(operation) || Exit.isSuccess(operation)) return false
  const [first] = (operation as Exit.Failure<unknown, CacheError>).cause.reasons
  return first?._tag === "Fail" && ["InvalidArgument", "InvalidValue"].includes(first.error.reason._tag)
}
