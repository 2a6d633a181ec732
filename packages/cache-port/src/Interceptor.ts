/**
 * One place through which every operation of a cache goes: what a layer around the port is made of.
 */
import { Effect, Exit, Stream } from "effect"
import type { CacheError, CacheErrorInput } from "./CacheError.ts"
import type { CachePort } from "./CachePort.ts"
import { checked } from "./internal/Checked.ts"
import * as Input from "./internal/Input.ts"
import { layered } from "./internal/Layered.ts"

type Service = CachePort["Service"]

/** What an operation is asked of. With a `reason` added it makes the `CacheError` of this operation. */
export type CacheRequest = Pick<CacheErrorInput, "operation" | "key" | "keys">

/**
 * What becomes of operations. Both members are called when the operation is, and answer an effect or a stream that is
 * run by the caller, once, often or never.
 */
export interface Interceptor {
  /** Every operation but `scan`. An effect that has failed already, an `Exit`, is input that was refused. */
  readonly ask: <A>(asked: Effect.Effect<A, CacheError>, request: CacheRequest) => Effect.Effect<A, CacheError>
  /** A `scan` whose pattern is in order. */
  readonly scan: (asked: Stream.Stream<string, CacheError>, request: CacheRequest) => Stream.Stream<string, CacheError>
}

/**
 * A cache whose every operation goes through `interceptor`, and those of its namespaces too. An operation on no keys
 * does not: there is nothing to ask.
 *
 * @example
 * ```ts
 * const slow = intercept(cache, {
 *   ask: (asked) => Effect.delay(asked, "20 millis"),
 *   scan: (asked) => asked
 * })
 * ```
 */
export const intercept = (cache: Service, interceptor: Interceptor): Service =>
  layered(cache, (inner) => through(inner, interceptor))

/**
 * Whether what was asked is input that was refused already.
 *
 * @internal
 */
export const isRefused = (asked: Effect.Effect<unknown, CacheError>): boolean =>
  Exit.isExit(asked) && Exit.isFailure(asked)

/**
 * `inner` with every operation through `interceptor`, but not its namespaces.
 *
 * @internal
 */
export const through = (inner: Service, { ask, scan }: Interceptor): Service => ({
  get: (key) => ask(inner.get(key), { operation: "get", key }),
  getJson: (key) => ask(inner.getJson(key), { operation: "getJson", key }),
  set: (key, value, options) => ask(inner.set(key, value, options), { operation: "set", key }),
  setJson: (key, value, options) => ask(inner.setJson(key, value, options), { operation: "setJson", key }),
  setIfAbsent: (key, value, options) => ask(inner.setIfAbsent(key, value, options), { operation: "setIfAbsent", key }),
  delete: (key) => ask(inner.delete(key), { operation: "delete", key }),
  deleteMany: (keys) =>
    checked(
      "deleteMany",
      () => Input.keys(keys),
      (keys) => {
        const asked = inner.deleteMany(keys)
        return keys.length === 0 ? asked : ask(asked, { operation: "deleteMany", keys })
      }
    ),
  getAndDelete: (key) => ask(inner.getAndDelete(key), { operation: "getAndDelete", key }),
  compareAndDelete: (key, expected) =>
    ask(inner.compareAndDelete(key, expected), { operation: "compareAndDelete", key }),
  exists: (key) => ask(inner.exists(key), { operation: "exists", key }),
  expire: (key, ttl) => ask(inner.expire(key, ttl), { operation: "expire", key }),
  ttl: (key) => ask(inner.ttl(key), { operation: "ttl", key }),
  increment: (key, amount, options) => ask(inner.increment(key, amount, options), { operation: "increment", key }),
  decrement: (key, amount, options) => ask(inner.decrement(key, amount, options), { operation: "decrement", key }),
  getMany: (keys) =>
    checked(
      "getMany",
      () => Input.keys(keys),
      (keys) => {
        const asked = inner.getMany(keys)
        return keys.length === 0 ? asked : ask(asked, { operation: "getMany", keys })
      }
    ),
  setMany: (entries, options) =>
    checked(
      "setMany",
      () => Input.list(entries, Input.pair),
      (pairs) => {
        // The port below checks the values, which are not checked yet.
        const asked = inner.setMany(pairs as ReadonlyArray<readonly [string, string]>, options)
        if (pairs.length === 0) return asked
        return ask(asked, { operation: "setMany", keys: Array.from(new Set(pairs.map(([key]) => key))) })
      }
    ),
  deletePattern: (pattern) => ask(inner.deletePattern(pattern), { operation: "deletePattern" }),
  scan: (pattern) =>
    Stream.unwrap(
      checked(
        "scan",
        () => Input.pattern(pattern),
        (pattern) => Effect.sync(() => scan(inner.scan(pattern), { operation: "scan" }))
      )
    ),
  flush: ask(inner.flush, { operation: "flush" }),
  ping: ask(inner.ping, { operation: "ping" })
})
