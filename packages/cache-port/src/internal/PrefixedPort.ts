/**
 * A namespace of a port that has no driver behind it: a test's fake, or a layer that somebody else wrote.
 *
 * Every member calls the same member of the outer port, and so keeps whatever that does. A driver over the outer port
 * would be shorter, and would hide its mistakes: `delete` would call `deleteMany`, and `getJson` would call `get`.
 *
 * @internal
 */
import { Effect, Option, type Schema, Stream } from "effect"
import { CacheError, type CacheErrorReason, type CacheOperation, type CacheRequest } from "../CacheError.ts"
import type { CacheOperations } from "../CacheOperations.ts"
import type { Counters } from "../CacheStats.ts"
import * as Glob from "../Glob.ts"
import * as Input from "./Input.ts"
import { checked, checkedScan, withInput, withKey } from "./InputCheck.ts"

/** The keys of `outer` that begin with `prefix`. A key's limit of 65,536 bytes counts the prefix too. */
export const prefixedPort = (outer: CacheOperations, prefix: string, counters: Counters): CacheOperations => {
  const literal = Glob.escape(prefix)
  const add = (key: string): string => prefix + key

  /** The outer port's error, with the caller's keys. */
  const restate = ({ operation, outcome, reason, serverCode }: CacheError, subject: Partial<CacheRequest>) => {
    if (!isInvalidInput(operation, reason)) counters.errors++
    return new CacheError({ operation, reason, outcome, serverCode, ...subject })
  }

  const call = <A>(effect: Effect.Effect<A, CacheError>, subject: Partial<CacheRequest> = {}) =>
    Effect.mapError(effect, (error) => restate(error, subject))

  const onKey = <A>(operation: CacheOperation, key: string, f: (key: string) => Effect.Effect<A, CacheError>) =>
    withKey(operation, (key) => call(f(add(key)), { key }))(key)

  const count = (value: Option.Option<unknown>): void => {
    if (Option.isSome(value)) counters.hits++
    else counters.misses++
  }

  const counted = <A>(read: Effect.Effect<Option.Option<A>, CacheError>) =>
    Effect.tap(read, (value) => Effect.sync(() => count(value)))

  return {
    get: (key) => onKey("get", key, (key) => counted(outer.get(key))),
    getJson: <A>(key: string, schema?: Schema.Decoder<A>) =>
      onKey("getJson", key, (key) => counted(outer.getJson(key, schema))),
    set: (key, value, options) => onKey("set", key, (key) => outer.set(key, value, options)),
    setJson: (key, value, options) => onKey("setJson", key, (key) => outer.setJson(key, value, options)),
    setIfAbsent: (key, value, options) => onKey("setIfAbsent", key, (key) => outer.setIfAbsent(key, value, options)),
    delete: (key) => onKey("delete", key, (key) => outer.delete(key)),
    deleteMany: checked("deleteMany", Input.keys, (keys) => call(outer.deleteMany(keys.map(add)), { keys })),
    getAndDelete: (key) => onKey("getAndDelete", key, (key) => counted(outer.getAndDelete(key))),
    compareAndDelete: (key, expected) => onKey("compareAndDelete", key, (key) => outer.compareAndDelete(key, expected)),
    getAndExpire: (key, ttl) => onKey("getAndExpire", key, (key) => counted(outer.getAndExpire(key, ttl))),
    compareAndExpire: (key, expected, ttl) =>
      onKey("compareAndExpire", key, (key) => outer.compareAndExpire(key, expected, ttl)),
    exists: (key) => onKey("exists", key, (key) => outer.exists(key)),
    expire: (key, ttl) => onKey("expire", key, (key) => outer.expire(key, ttl)),
    ttl: (key) => onKey("ttl", key, (key) => outer.ttl(key)),
    increment: (key, amount, options) => onKey("increment", key, (key) => outer.increment(key, amount, options)),
    decrement: (key, amount, options) => onKey("decrement", key, (key) => outer.decrement(key, amount, options)),
    getMany: checked("getMany", Input.keys, (keys) =>
      Effect.map(call(outer.getMany(keys.map(add)), { keys }), (found) => {
        found.forEach(count)
        return new Map(Array.from(found, ([key, value]) => [key.slice(prefix.length), value]))
      })
    ),
    setMany: (entries, options) =>
      withInput(
        "setMany",
        () => Input.list(entries, Input.pair),
        (entries) => {
          const prefixed = entries.map(([key, value]) => [add(key), value as string] as const)
          return call(outer.setMany(prefixed, options), { keys: entries.map(([key]) => key) })
        }
      ),
    deletePattern: checked("deletePattern", Input.pattern, (pattern) => call(outer.deletePattern(literal + pattern))),
    scan: checkedScan((pattern) =>
      outer.scan(literal + pattern).pipe(
        Stream.map((key) => key.slice(prefix.length)),
        Stream.mapError((error) => restate(error, {}))
      )
    ),
    flush: Effect.suspend(() =>
      prefix === ""
        ? call(outer.flush)
        : Effect.asVoid(call(outer.deletePattern(`${literal}*`), { operation: "flush" }))
    ),
    ping: Effect.suspend(() => call(outer.ping))
  }
}

/** True if the outer port refused the caller's input. `getJson` fails with `InvalidValue` for the value stored. */
const isInvalidInput = (operation: CacheOperation, reason: CacheErrorReason): boolean =>
  reason._tag === "InvalidArgument" || (operation === "setJson" && reason._tag === "InvalidValue")
