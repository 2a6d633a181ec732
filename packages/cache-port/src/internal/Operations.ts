/**
 * The operations of a port: each checks its input, and asks.
 *
 * @internal
 */
import { Effect, Option, type Schema, Stream } from "effect"
import { CacheError, type CacheOperation, InvalidValue } from "../CacheError.ts"
import type { CachePort, SetOptions } from "../CachePort.ts"
import * as Glob from "../Glob.ts"
import { asking, type Ground, type SyncReader } from "./Asking.ts"
import { checked, ofKey, refused } from "./Checked.ts"
import { DistinctKeys } from "./DistinctKeys.ts"
import * as Input from "./Input.ts"

type Service = CachePort["Service"]

/** The port on this ground, and a way to read at once where its driver has one. */
export const operations = (ground: Ground): { readonly port: Service; readonly readNow: SyncReader | undefined } => {
  const { driver, maxValueBytes, prefix } = ground
  const { counted, counters, failure, getMany, increment, prefixed, read, readNow, relay, set, settle, toMaybe } =
    asking(ground)
  const everything = `${Glob.escape(prefix)}*`

  /** Checks key, time to live and what is to be stored, in this order, then asks. */
  const ofEntry =
    <V, A>(
      operation: CacheOperation,
      textOf: (value: V) => string,
      ask: (key: string, text: string, ttl: number | undefined) => Effect.Effect<A, CacheError>
    ) =>
    (key: string, value: V, options?: SetOptions): Effect.Effect<A, CacheError> => {
      let ttl: number | undefined
      let text: string
      try {
        Input.key(key)
        ttl = Input.ttlOption(options)
        text = Input.value(textOf(value), maxValueBytes)
      } catch (thrown) {
        return Effect.fail(refused(operation, thrown, key))
      }
      return ask(key, text, ttl)
    }

  const add =
    (operation: "increment" | "decrement", sign: 1 | -1): Service["increment"] =>
    (key, amount = 1, options) =>
      checked(
        operation,
        () => ({ key: Input.key(key), ttl: Input.ttlOption(options), amount: Input.amount(amount) * sign + 0 }),
        ({ amount, key, ttl }) => increment(operation, key, amount, ttl),
        key
      )

  const port: Service = {
    get: ofKey("get", (key) => read("get", key, counted)),

    getJson: ofKey("getJson", (key) =>
      Effect.flatMap(read("getJson", key, toMaybe), (text) => {
        if (Option.isNone(text)) {
          counters.misses++
          return Effect.succeed(Option.none())
        }
        try {
          const parsed: Schema.Json = JSON.parse(text.value)
          counters.hits++
          return Effect.succeed(Option.some(parsed))
        } catch {
          counters.errors++
          const reason = new InvalidValue({ message: "the stored text is not JSON" })
          return Effect.fail(new CacheError({ operation: "getJson", key, reason }))
        }
      })
    ),

    set: ofEntry("set", itself, (key, value, ttl) => set("set", key, value, ttl)),

    setJson: ofEntry("setJson", Input.json, (key, text, ttl) => set("setJson", key, text, ttl)),

    setIfAbsent: ofEntry("setIfAbsent", itself, (key, value, ttl) =>
      relay(driver.setIfAbsent(prefix + key, value, ttl), "setIfAbsent", { key })
    ),

    delete: ofKey("delete", (key) =>
      settle(driver.deleteMany([prefix + key]), "delete", { key }, (removed) => removed === 1)
    ),

    deleteMany: (keys) =>
      checked(
        "deleteMany",
        () => Input.keys(keys),
        (keys) =>
          keys.length === 0 ? Effect.succeed(0) : relay(driver.deleteMany(prefixed(keys)), "deleteMany", { keys })
      ),

    getAndDelete: ofKey("getAndDelete", (key) =>
      settle(driver.getAndDelete(prefix + key), "getAndDelete", { key }, counted)
    ),

    compareAndDelete: (key, expected) =>
      checked(
        "compareAndDelete",
        () => ({ key: Input.key(key), expected: Input.value(expected, maxValueBytes) }),
        ({ expected, key }) => relay(driver.compareAndDelete(prefix + key, expected), "compareAndDelete", { key }),
        key
      ),

    exists: ofKey("exists", (key) => relay(driver.exists(prefix + key), "exists", { key })),

    expire: (key, ttl) =>
      checked(
        "expire",
        () => ({ key: Input.key(key), ttl: Input.timeToLive(ttl) }),
        ({ key, ttl }) => relay(driver.expire(prefix + key, ttl), "expire", { key }),
        key
      ),

    ttl: ofKey("ttl", (key) => relay(driver.ttl(prefix + key), "ttl", { key })),

    increment: add("increment", 1),

    decrement: add("decrement", -1),

    getMany: (keys) =>
      checked(
        "getMany",
        () => Input.list(keys, Input.key),
        (keys) => (keys.length === 0 ? Effect.succeed(new Map()) : getMany(keys))
      ),

    setMany: (entries, options) =>
      checked(
        "setMany",
        () => ({ entries: Input.entries(entries, maxValueBytes), ttl: Input.ttlOption(options) }),
        ({ entries, ttl }) => {
          if (entries.length === 0) return Effect.void
          const stored = entries.map(([key, value]) => [prefix + key, value] as const)
          return relay(driver.setMany(stored, ttl), "setMany", { keys: entries.map(([key]) => key) })
        }
      ),

    deletePattern: (pattern) =>
      checked(
        "deletePattern",
        () => Input.pattern(pattern),
        (pattern) => relay(driver.deletePattern(Glob.escape(prefix) + pattern), "deletePattern", {})
      ),

    scan: (pattern) =>
      Stream.unwrap(
        checked(
          "scan",
          () => Input.pattern(pattern),
          (pattern) =>
            Effect.sync(() => {
              const seen = driver.scansOnce === true ? undefined : new DistinctKeys()
              return driver.scan(Glob.escape(prefix) + pattern).pipe(
                Stream.mapError((failed) => failure("scan", {}, failed)),
                Stream.map((page) => {
                  const fresh: Array<string> = []
                  for (const key of page) {
                    if (seen?.add(key) !== false) fresh.push(key.slice(prefix.length))
                  }
                  return fresh
                }),
                Stream.flattenIterable
              )
            })
        )
      ),

    flush: relay(prefix === "" ? driver.flush : Effect.asVoid(driver.deletePattern(everything)), "flush", {}),

    ping: settle(driver.ping, "ping", {}, () => true as const)
  }

  return { port, readNow }
}

const itself = <A>(input: A): A => input
