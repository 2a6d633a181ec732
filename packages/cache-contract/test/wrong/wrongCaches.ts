/**
 * Deliberately wrong caches. Each has one mistake, and the contract is worth only as much as it catches of them.
 */
import { type CacheError, DriverFailure, Glob, Unknown } from "@hexcache/cache-port"
import { Effect, Option, type Schema, Stream } from "effect"
import { atomicity } from "./atomicity.ts"
import { counters } from "./counters.ts"
import { declarations } from "./declarations.ts"
import { failure } from "./failure.ts"
import { globs } from "./globs.ts"
import { histories } from "./histories.ts"
import { interruption } from "./interruption.ts"
import { layers } from "./layers.ts"
import { lifetimes } from "./lifetimes.ts"
import { locks } from "./locks.ts"
import { remembered } from "./remembered.ts"
import { scale } from "./scale.ts"
import { scans } from "./scans.ts"
import { secrets } from "./secrets.ts"
import { shutdown } from "./shutdown.ts"
import { texts } from "./texts.ts"
import { timeToLive } from "./timeToLive.ts"
import { brokenBy, type WrongCache, wrongDriver, wrongPort } from "./WrongCache.ts"

const operations: ReadonlyArray<WrongCache> = [
  wrongDriver("operations", "one operation is still to be written", () => ({
    compareAndDelete: () => Effect.fail(new DriverFailure(new Unknown({ message: "not written yet" })))
  }))
]

const values: ReadonlyArray<WrongCache> = [
  wrongDriver("values", "the empty string reads as absent", (right) => ({
    get: (key) => Effect.map(right.get(key), (value) => value || undefined)
  })),
  wrongDriver("values", "values are trimmed", (right) => ({
    set: (key, value, ttl) => right.set(key, value.trim(), ttl)
  })),
  wrongDriver("values", "values end at the first NUL", (right) => ({
    set: (key, value, ttl) => right.set(key, value.split("\0", 1)[0] ?? "", ttl)
  })),
  wrongDriver("values", "an emoji loses its second half", (right) => ({
    set: (key, value, ttl) => right.set(key, value.replaceAll(/[\udc00-\udfff]/g, ""), ttl)
  })),
  wrongDriver("delete: true when a live key was removed", "delete answers true for an absent key", (right) => ({
    deleteMany: (keys) => Effect.as(right.deleteMany(keys), keys.length)
  })),
  wrongPort(
    "getJson: unparsable text fails with InvalidValue, which quotes nothing of the value",
    "unparsable JSON reads as absent",
    (right) => ({
      getJson: <A>(key: string, schema?: Schema.Decoder<A>) =>
        Effect.catchReason(right.getJson(key, schema), "CacheError", "InvalidValue", () => Effect.succeedNone)
    })
  ),
  wrongPort(
    "getJson: with a schema it decodes the value; JSON that the schema refuses fails with InvalidValue",
    "getJson ignores the schema",
    (right) => ({
      getJson: (key: string) => right.getJson(key) as Effect.Effect<Option.Option<never>, CacheError>
    })
  ),
  wrongPort(
    "getJson: with a schema it decodes the value; JSON that the schema refuses fails with InvalidValue",
    "JSON that the schema refuses reads as absent",
    (right) => ({
      getJson: <A>(key: string, schema?: Schema.Decoder<A>) => {
        const read = right.getJson(key, schema)
        return schema === undefined
          ? read
          : Effect.catchReason(read, "CacheError", "InvalidValue", () => Effect.succeedNone)
      }
    })
  ),
  wrongPort(
    "setJson: what JSON.stringify refuses or turns into nothing fails with InvalidValue and writes nothing",
    "an undefined value is written as null",
    (right) => ({
      setJson: (key, value, options) => right.setJson(key, value ?? null, options)
    })
  ),
  wrongPort("values", "bad input is a defect", (right) => ({
    set: (key, value, options) => Effect.orDie(right.set(key, value, options))
  }))
]

const keys: ReadonlyArray<WrongCache> = [
  wrongDriver("keys", "__proto__ is lost", (right) => ({
    getMany: (keys) =>
      Effect.map(right.getMany(keys), (found) => {
        const byKey: Record<string, string | undefined> = {}
        keys.forEach((key, index) => {
          byKey[key] = found[index]
        })
        return keys.map((key) => (typeof byKey[key] === "string" ? byKey[key] : undefined))
      })
  })),
  wrongDriver("keys", "keys do not differ in case", (right) => ({
    get: (key) => right.get(key.toLowerCase()),
    getMany: (keys) => right.getMany(keys.map((key) => key.toLowerCase())),
    set: (key, value, ttl) => right.set(key.toLowerCase(), value, ttl),
    setMany: (entries, ttl) =>
      right.setMany(
        entries.map(([key, value]) => [key.toLowerCase(), value]),
        ttl
      )
  })),
  wrongDriver("keys", "keys are normalized", (right) => ({
    get: (key) => right.get(key.normalize("NFKC")),
    setMany: (entries, ttl) =>
      right.setMany(
        entries.map(([key, value]) => [key.normalize("NFKC"), value]),
        ttl
      )
  })),
  wrongDriver("keys", "long keys are cut", (right) => ({
    set: (key, value, ttl) => right.set(key.slice(0, 32_000), value, ttl)
  }))
]

const batches: ReadonlyArray<WrongCache> = [
  wrongPort("batches", "duplicates are counted twice", (right) => ({
    deleteMany: (keys) =>
      Effect.map(right.deleteMany(keys), (removed) =>
        removed === 0 ? 0 : removed + Array.from(keys).length - new Set(keys).size
      )
  })),
  wrongPort("batches", "getMany leaves out what is absent", (right) => ({
    getMany: (keys) =>
      Effect.map(right.getMany(keys), (found) => new Map(Array.from(found).filter(([, value]) => Option.isSome(value))))
  })),
  wrongPort("batches", "getMany answers in an order of its own", (right) => ({
    getMany: (keys) => Effect.map(right.getMany(keys), (found) => new Map(Array.from(found).toSorted()))
  })),
  wrongPort("batches", "the first of a repeated key wins", (right) => ({
    setMany: (entries, options) => {
      const first = new Map(Array.from(entries).toReversed())
      return right.setMany(first, options)
    }
  })),
  wrongDriver("batches", "a batch beyond 5,000 is cut", (right) => ({
    setMany: (entries, ttl) => right.setMany(entries.slice(0, 5_000), ttl)
  }))
]

const patterns: ReadonlyArray<WrongCache> = [
  wrongDriver("patterns", "a question mark is one character", (_right, { live, entries, step }) => ({
    scan: (pattern) =>
      Stream.fromEffect(
        step((now) => {
          const anyCharacter = new RegExp(`^${pattern.replaceAll("?", ".").replaceAll("*", ".*")}$`, "us")
          const matches = (key: string) =>
            /^[a-z0-9:*?-]*$/.test(pattern) ? anyCharacter.test(key) : Glob.matches(pattern, key)
          return Array.from(entries.keys()).filter((key) => live(key, now) !== undefined && matches(key))
        })
      )
  })),
  wrongDriver("patterns", "a class is negated by an exclamation mark", (right) => ({
    scan: (pattern) => right.scan(pattern.replaceAll("[!", "[^"))
  })),
  wrongDriver("patterns", "a range cannot be written from its end", (right) => ({
    scan: (pattern) =>
      right.scan(pattern.replaceAll(/\[([b-z])-([a-y])\]/g, (all, from, to) => (from > to ? "[]" : all)))
  })),
  wrongDriver("patterns", "only the first page is scanned", (right) => ({
    scan: (pattern) => Stream.map(right.scan(pattern), (page) => page.slice(0, 1_000))
  })),
  wrongDriver("patterns", "deletePattern counts what it looked at", (right, { entries, step }) => ({
    deletePattern: (pattern) =>
      Effect.flatMap(
        step(() => entries.size),
        (size) => Effect.as(right.deletePattern(pattern), size)
      )
  }))
]

const conditionalWrites: ReadonlyArray<WrongCache> = [
  wrongDriver("conditional writes", "setIfAbsent overwrites", (right) => ({
    setIfAbsent: (key, value, ttl) =>
      Effect.flatMap(right.exists(key), (exists) => Effect.as(right.set(key, value, ttl), !exists))
  })),
  wrongDriver("conditional writes", "compareAndDelete does not compare", (right) => ({
    compareAndDelete: (key) => Effect.map(right.deleteMany([key]), (removed) => removed === 1)
  })),
  wrongDriver("conditional writes", "compareAndDelete compares the beginning", (right) => ({
    compareAndDelete: (key, expected) =>
      Effect.flatMap(right.get(key), (value) =>
        value?.startsWith(expected) === true
          ? Effect.map(right.deleteMany([key]), (removed) => removed === 1)
          : Effect.succeed(false)
      )
  })),
  ...brokenBy("getAndExpire: reads, and gives a live key a new time to live", {
    "getAndExpire leaves the time to live": (right) => ({ getAndExpire: right.get }),
    "getAndExpire without an end leaves the time to live": (right) => ({
      getAndExpire: (key, ttl) => (ttl === undefined ? right.get(key) : right.getAndExpire(key, ttl))
    }),
    "getAndExpire sets an absent key": (right) => ({
      getAndExpire: (key, ttl) =>
        Effect.tap(right.getAndExpire(key, ttl), (value) =>
          value === undefined ? right.set(key, "", ttl) : Effect.void
        )
    }),
    "getAndExpire of the empty text is none": (right) => ({
      getAndExpire: (key, ttl) => Effect.map(right.getAndExpire(key, ttl), (value) => value || undefined)
    })
  }),
  ...brokenBy("compareAndExpire: renews a lock only for its owner", {
    "compareAndExpire does not compare": (right) => ({ compareAndExpire: (key, _, ttl) => right.expire(key, ttl) }),
    "compareAndExpire sets the lock of nobody": (right) => ({
      compareAndExpire: (key, expected, ttl) =>
        Effect.flatMap(right.setIfAbsent(key, expected, ttl), (isSet) =>
          isSet ? Effect.succeed(true) : right.compareAndExpire(key, expected, ttl)
        )
    }),
    "compareAndExpire renews for anybody, and answers right": (right) => ({
      compareAndExpire: (key, expected, ttl) =>
        Effect.tap(right.compareAndExpire(key, expected, ttl), () => right.expire(key, ttl))
    }),
    "compareAndExpire without an end leaves the time to live": (right) => ({
      compareAndExpire: (key, expected, ttl) =>
        ttl === undefined
          ? Effect.map(right.get(key), (value) => value === expected)
          : right.compareAndExpire(key, expected, ttl)
    })
  }),
  wrongDriver("compareAndExpire: no text is equal to another", "compareAndExpire ignores case", (right) => ({
    compareAndExpire: (key, expected, ttl) =>
      Effect.flatMap(right.get(key), (value) =>
        value?.toLowerCase() === expected.toLowerCase() ? right.expire(key, ttl) : Effect.succeed(false)
      )
  })),
  wrongDriver(
    "getAndExpire, compareAndExpire: the new time to live replaces the old one",
    "compareAndExpire keeps the longer time to live",
    (right, { live, step }) => ({
      compareAndExpire: (key, expected, ttl) =>
        Effect.flatMap(
          step((now) => (live(key, now)?.expiresAt ?? 0) > now + (ttl ?? Infinity)),
          (isLonger) => (isLonger ? right.exists(key) : right.compareAndExpire(key, expected, ttl))
        )
    })
  ),
  wrongDriver("conditional writes", "getAndDelete leaves the key", (right) => ({ getAndDelete: right.get }))
]

const isolation: ReadonlyArray<WrongCache> = [
  wrongDriver("isolation of namespaces", "the prefix is not escaped", (right) => ({
    deletePattern: (pattern) => right.deletePattern(pattern.replaceAll("\\", "")),
    scan: (pattern) => right.scan(pattern.replaceAll("\\", ""))
  })),
  wrongDriver("isolation of namespaces", "flush removes everybody's keys", (right) => ({
    deletePattern: (pattern) => (pattern.endsWith(":*") ? Effect.as(right.flush, 1) : right.deletePattern(pattern))
  }))
]

const concurrency: ReadonlyArray<WrongCache> = [
  wrongDriver("concurrency", "setIfAbsent is not atomic", (right) => ({
    setIfAbsent: (key, value, ttl) =>
      Effect.flatMap(right.exists(key), (exists) =>
        exists ? Effect.succeed(false) : Effect.as(Effect.andThen(Effect.yieldNow, right.set(key, value, ttl)), true)
      )
  })),
  wrongDriver("concurrency", "increment is not atomic", (right) => ({
    increment: (key, amount, ttl) =>
      Effect.flatMap(right.get(key), (text) =>
        Effect.andThen(
          Effect.yieldNow,
          Effect.as(right.set(key, String(Number(text ?? 0) + amount), ttl), Number(text ?? 0) + amount)
        )
      )
  })),
  wrongDriver("concurrency", "getAndDelete is not atomic", (right) => ({
    getAndDelete: (key) => Effect.tap(right.get(key), () => Effect.andThen(Effect.yieldNow, right.deleteMany([key])))
  })),
  wrongDriver("concurrency", "setMany is not atomic", (right) => ({
    setMany: (entries, ttl) =>
      Effect.forEach(entries, ([key, value]) => Effect.andThen(Effect.yieldNow, right.set(key, value, ttl)), {
        discard: true
      })
  })),
  wrongDriver("concurrency", "getMany reads key by key", (right) => ({
    getMany: (keys) => Effect.forEach(keys, (key) => Effect.andThen(Effect.yieldNow, right.get(key)))
  })),
  wrongDriver("concurrency", "results are delivered to the next caller", (right) => {
    let before: string | undefined
    return {
      get: (key) =>
        Effect.map(right.get(key), (value) => {
          const late = before
          before = value
          return late ?? value
        })
    }
  })
]

/** Every wrong cache. */
export const wrongCaches: ReadonlyArray<WrongCache> = [
  ...operations,
  ...declarations,
  ...values,
  ...keys,
  ...timeToLive,
  ...counters,
  ...lifetimes,
  ...texts,
  ...batches,
  ...patterns,
  ...globs,
  ...scans,
  ...conditionalWrites,
  ...remembered,
  ...isolation,
  ...layers,
  ...concurrency,
  ...atomicity,
  ...histories,
  ...interruption,
  ...secrets,
  ...scale,
  ...failure,
  ...locks,
  ...shutdown
]
