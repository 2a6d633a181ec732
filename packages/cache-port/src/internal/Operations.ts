/**
 * The operations of a port: each validates its input, then calls the driver.
 *
 * @internal
 */
import { Cause, Effect, identity, type Schema, Stream } from "effect"
import type { CacheDriver } from "../CacheDriver.ts"
import { CacheError, type CacheOperation, InvalidValue } from "../CacheError.ts"
import type { CacheOperations, SetOptions } from "../CacheOperations.ts"
import type { Counters } from "../CacheStats.ts"
import { DistinctKeys } from "./DistinctKeys.ts"
import { driverCalls } from "./DriverCalls.ts"
import * as Input from "./Input.ts"
import { checked, checkedScan, invalidInput, withInput, withKey } from "./InputCheck.ts"
import type { SyncReader } from "./PortInternals.ts"

/** The operations on a driver whose keys are the port's own, and a synchronous read where the driver has one. */
export const operations = (
  driver: CacheDriver,
  counters: Counters,
  maxValueBytes: number
): { readonly port: CacheOperations; readonly readSync: SyncReader | undefined } => {
  const { countAndWrap, get, getMany, increment, mapFailure, mapResult, readSync, set, toError } = driverCalls(
    driver,
    counters
  )

  /** Validates the key, the time to live and the text to store, in this order. */
  const withEntry =
    <V, A>(
      operation: CacheOperation,
      textOf: (value: V) => string,
      f: (key: string, text: string, ttl: number | undefined) => Effect.Effect<A, CacheError>
    ) =>
    (key: string, value: V, options?: SetOptions): Effect.Effect<A, CacheError> => {
      let ttl: number | undefined
      let text: string
      try {
        Input.key(key)
        ttl = Input.ttlOption(options)
        text = Input.value(textOf(value), maxValueBytes)
      } catch (thrown) {
        return Effect.fail(invalidInput(operation, thrown, key))
      }
      return f(key, text, ttl)
    }

  const add =
    (operation: "increment" | "decrement", sign: 1 | -1): CacheOperations["increment"] =>
    (key, amount = 1, options) =>
      withInput(
        operation,
        () => ({ key: Input.key(key), ttl: Input.ttlOption(options), amount: Input.amount(amount) * sign + 0 }),
        ({ amount, key, ttl }) => increment(operation, key, amount, ttl),
        key
      )

  const port: CacheOperations = {
    get: withKey("get", (key) => get("get", key, countAndWrap)),
    getJson: <A>(key: string, schema?: Schema.Decoder<A>) =>
      withInput(
        "getJson",
        () => ({ key: Input.key(key), decode: Input.decoder(schema) }),
        ({ decode, key }) =>
          Effect.flatMap(get("getJson", key, identity), (text) => {
            if (text === undefined) {
              counters.misses++
              return Effect.succeedNone
            }
            const refuse = (message: string) => {
              counters.errors++
              return Effect.fail(new CacheError({ operation: "getJson", key, reason: new InvalidValue({ message }) }))
            }
            const accept = (value: A) => {
              counters.hits++
              return Effect.succeedSome(value)
            }
            let json: unknown
            try {
              json = JSON.parse(text)
            } catch {
              return refuse("the stored text is not JSON")
            }
            return decode === undefined
              ? accept(json as A)
              : Effect.matchCauseEffect(decode(json), {
                  onFailure: (cause) =>
                    Cause.hasInterruptsOnly(cause)
                      ? Effect.failCause(cause as Cause.Cause<never>)
                      : refuse("the schema refuses the stored JSON"),
                  onSuccess: accept
                })
          }),
        key
      ),
    set: withEntry("set", identity<string>, (key, value, ttl) => set("set", key, value, ttl)),
    setJson: withEntry("setJson", Input.json, (key, text, ttl) => set("setJson", key, text, ttl)),
    setIfAbsent: withEntry("setIfAbsent", identity<string>, (key, value, ttl) =>
      mapFailure(driver.setIfAbsent(key, value, ttl), "setIfAbsent", { key })
    ),
    delete: withKey("delete", (key) =>
      mapResult(driver.deleteMany([key]), "delete", { key }, (removed) => removed === 1)
    ),
    deleteMany: checked("deleteMany", Input.keys, (keys) =>
      keys.length === 0 ? Effect.succeed(0) : mapFailure(driver.deleteMany(keys), "deleteMany", { keys })
    ),
    getAndDelete: withKey("getAndDelete", (key) =>
      mapResult(driver.getAndDelete(key), "getAndDelete", { key }, countAndWrap)
    ),
    compareAndDelete: (key, expected) =>
      withInput(
        "compareAndDelete",
        () => ({ key: Input.key(key), expected: Input.value(expected, maxValueBytes) }),
        ({ expected, key }) => mapFailure(driver.compareAndDelete(key, expected), "compareAndDelete", { key }),
        key
      ),
    getAndExpire: (key, ttl) =>
      withInput(
        "getAndExpire",
        () => ({ key: Input.key(key), ttl: Input.ttlOverZero(ttl) }),
        ({ key, ttl }) => mapResult(driver.getAndExpire(key, ttl), "getAndExpire", { key }, countAndWrap),
        key
      ),
    compareAndExpire: (key, expected, ttl) =>
      withInput(
        "compareAndExpire",
        () => ({
          key: Input.key(key),
          expected: Input.value(expected, maxValueBytes),
          ttl: Input.ttlOverZero(ttl)
        }),
        ({ expected, key, ttl }) =>
          mapFailure(driver.compareAndExpire(key, expected, ttl), "compareAndExpire", { key }),
        key
      ),
    exists: withKey("exists", (key) => mapFailure(driver.exists(key), "exists", { key })),
    expire: (key, ttl) =>
      withInput(
        "expire",
        () => ({ key: Input.key(key), ttl: Input.timeToLive(ttl) }),
        ({ key, ttl }) => mapFailure(driver.expire(key, ttl), "expire", { key }),
        key
      ),
    ttl: withKey("ttl", (key) => mapFailure(driver.ttl(key), "ttl", { key })),
    increment: add("increment", 1),
    decrement: add("decrement", -1),
    getMany: checked("getMany", Input.keyList, (keys) =>
      keys.length === 0 ? Effect.succeed(new Map()) : getMany(keys)
    ),
    setMany: (entries, options) =>
      withInput(
        "setMany",
        () => ({ entries: Input.entries(entries, maxValueBytes), ttl: Input.ttlOption(options) }),
        ({ entries, ttl }) =>
          entries.length === 0
            ? Effect.void
            : mapFailure(driver.setMany(entries, ttl), "setMany", { keys: entries.map(([key]) => key) })
      ),
    deletePattern: checked("deletePattern", Input.pattern, (pattern) =>
      mapFailure(driver.deletePattern(pattern), "deletePattern", {})
    ),
    scan: checkedScan((pattern) => {
      const seen = driver.scansOnce === true ? undefined : new DistinctKeys()
      return driver.scan(pattern).pipe(
        Stream.mapError((failure) => toError("scan", {}, failure)),
        Stream.map((page) => (seen === undefined ? page : page.filter((key) => seen.add(key)))),
        Stream.flattenIterable
      )
    }),
    flush: mapFailure(driver.flush, "flush", {}),
    ping: mapResult(driver.ping, "ping", {}, () => true as const)
  }

  return { port, readSync }
}
