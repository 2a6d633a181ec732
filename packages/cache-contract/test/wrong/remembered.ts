/**
 * Wrong caches that keep what was read in front of their store, and do not forget it by one of the writes.
 */
import type { CacheDriver } from "@hexcache/cache-port"
import { Effect } from "effect"
import { type WrongCache, wrongDriver } from "./WrongCache.ts"

/** A driver that remembers values, and absences, and forgets them by its writes. */
const remembering = (right: CacheDriver, read: "get" | "getMany"): CacheDriver => {
  const remembered = new Map<string, string | undefined>()
  const forget = <A, E>(operation: Effect.Effect<A, E>, ...keys: ReadonlyArray<string>) =>
    Effect.onExit(operation, () =>
      Effect.sync(() => {
        for (const key of keys) remembered.delete(key)
      })
    )
  const remember = (key: string, value: string | undefined) => Effect.sync(() => void remembered.set(key, value))
  return {
    ...right,
    get: (key) =>
      read === "get" && remembered.has(key)
        ? Effect.sync(() => remembered.get(key))
        : Effect.tap(right.get(key), (value) => remember(key, value)),
    getMany: (keys) =>
      read === "getMany" && keys.every((key) => remembered.has(key))
        ? Effect.sync(() => keys.map((key) => remembered.get(key)))
        : Effect.tap(right.getMany(keys), (found) =>
            Effect.forEach(keys, (key, index) => remember(key, found[index]), { discard: true })
          ),
    set: (key, value, ttl) => forget(right.set(key, value, ttl), key),
    setMany: (entries, ttl) => forget(right.setMany(entries, ttl), ...entries.map(([key]) => key)),
    setIfAbsent: (key, value, ttl) => forget(right.setIfAbsent(key, value, ttl), key),
    deleteMany: (keys) => forget(right.deleteMany(keys), ...keys),
    getAndDelete: (key) => forget(right.getAndDelete(key), key),
    compareAndDelete: (key, expected) => forget(right.compareAndDelete(key, expected), key),
    getAndExpire: (key, ttl) => forget(right.getAndExpire(key, ttl), key),
    compareAndExpire: (key, expected, ttl) => forget(right.compareAndExpire(key, expected, ttl), key),
    expire: (key, ttl) => forget(right.expire(key, ttl), key),
    increment: (key, amount, ttl) => forget(right.increment(key, amount, ttl), key),
    deletePattern: (pattern) =>
      Effect.onExit(right.deletePattern(pattern), () => Effect.sync(() => remembered.clear())),
    flush: Effect.onExit(right.flush, () => Effect.sync(() => remembered.clear()))
  }
}

const writes = [
  "set",
  "setMany",
  "setIfAbsent",
  "deleteMany",
  "getAndDelete",
  "compareAndDelete",
  "expire",
  "increment",
  "deletePattern"
] as const

export const remembered: ReadonlyArray<WrongCache> = [
  ...writes.flatMap((write) =>
    (["get", "getMany"] as const).map((read) =>
      wrongDriver(
        "every write is seen by the reads that follow, however often the key was read before",
        `a value that ${read} remembers is not forgotten by ${write}`,
        (right) => ({ ...remembering(right, read), [write]: right[write] })
      )
    )
  ),
  wrongDriver(
    "flush is seen by the reads that follow, however often the key was read before",
    "a value that is remembered is not forgotten by flush",
    (right) => ({ ...remembering(right, "get"), deletePattern: right.deletePattern })
  ),
  wrongDriver(
    "a key that was read often expires by its latest time to live",
    "a value that is remembered is not forgotten when it expires",
    (right) => remembering(right, "get")
  ),
  wrongDriver(
    "a key that was read often expires by its latest time to live",
    "values that getMany remembers are not forgotten when they expire",
    (right) => remembering(right, "getMany")
  )
]
