/**
 * Wrong caches whose operations are atomic among themselves, and read before they write beside others.
 */
import type { CacheDriver } from "@hexcache/cache-port"
import { Effect, Semaphore } from "effect"
import { expiry, type Memory, sumOf } from "./Reference.ts"
import { type WrongCache, wrongDriver } from "./WrongCache.ts"

const law = "two operations on a key at once end as if one had come after the other"

/** One after another among those that share it. */
const inTurn = (): (<A, E>(operation: Effect.Effect<A, E>) => Effect.Effect<A, E>) => {
  const one = Semaphore.makeUnsafe(1)
  return (operation) => Semaphore.withPermits(one, 1)(operation)
}

/** Reads an entry, lets others in, and goes on with what it read. */
const readFirst = <A, E>(
  key: string,
  { live, step }: Memory,
  then: (entry: ReturnType<Memory["live"]>) => Effect.Effect<A, E>
) =>
  Effect.flatMap(
    step((now) => live(key, now)),
    (entry) => Effect.andThen(Effect.yieldNow, then(entry))
  )

const locked = (
  name: string,
  change: (right: CacheDriver, memory: Memory, turn: ReturnType<typeof inTurn>) => Partial<CacheDriver>
): WrongCache => wrongDriver(law, name, (right, memory) => change(right, memory, inTurn()))

export const atomicity: ReadonlyArray<WrongCache> = [
  locked("increment reads, then writes, beside other writes", (_right, memory, turn) => ({
    increment: (key, amount, ttl) =>
      turn(
        readFirst(key, memory, (entry) =>
          Effect.flatMap(
            memory.step((now) => {
              const sum = sumOf(entry?.value ?? "0", amount)
              if (typeof sum === "bigint") {
                memory.entries.set(key, { value: String(sum), expiresAt: entry?.expiresAt ?? expiry(now, ttl) })
              }
              return sum
            }),
            (sum) => (typeof sum === "bigint" ? Effect.succeed(Number(sum)) : Effect.fail(sum))
          )
        )
      )
  })),
  locked("increment reads the time to live before it counts", (right, memory, turn) => ({
    increment: (key, amount, ttl) =>
      turn(
        readFirst(key, memory, (entry) =>
          Effect.tap(right.increment(key, amount, ttl), (sum) =>
            entry === undefined
              ? Effect.void
              : memory.step(() => memory.entries.set(key, { value: String(sum), expiresAt: entry.expiresAt }))
          )
        )
      )
  })),
  locked("getAndDelete reads, then deletes", (right, memory, turn) => ({
    getAndDelete: (key) => turn(readFirst(key, memory, (entry) => Effect.as(right.deleteMany([key]), entry?.value)))
  })),
  locked("compareAndDelete compares, then deletes", (right, memory, turn) => ({
    compareAndDelete: (key, expected) =>
      turn(
        readFirst(key, memory, (entry) =>
          entry?.value === expected
            ? Effect.map(right.deleteMany([key]), (removed) => removed === 1)
            : Effect.succeed(false)
        )
      )
  })),
  locked("getAndExpire reads, then writes what it read", (right, memory, turn) => ({
    getAndExpire: (key, ttl) =>
      turn(
        readFirst(key, memory, (entry) =>
          entry === undefined ? Effect.succeed(undefined) : Effect.as(right.set(key, entry.value, ttl), entry.value)
        )
      )
  })),
  locked("compareAndExpire compares, then expires", (right, memory, turn) => ({
    compareAndExpire: (key, expected, ttl) =>
      turn(
        readFirst(key, memory, (entry) => (entry?.value === expected ? right.expire(key, ttl) : Effect.succeed(false)))
      )
  })),
  locked("setIfAbsent looks, then sets", (right, memory, turn) => ({
    setIfAbsent: (key, value, ttl) =>
      turn(
        readFirst(key, memory, (entry) =>
          entry === undefined ? Effect.as(right.set(key, value, ttl), true) : Effect.succeed(false)
        )
      )
  })),
  locked("expire writes the value that it read", (right, memory, turn) => ({
    expire: (key, ttl) =>
      ttl === 0
        ? right.expire(key, ttl)
        : turn(
            readFirst(key, memory, (entry) =>
              entry === undefined ? Effect.succeed(false) : Effect.as(right.set(key, entry.value, ttl), true)
            )
          )
  })),
  locked("expire by zero looks, then deletes", (right, memory, turn) => ({
    expire: (key, ttl) =>
      ttl === 0
        ? turn(
            readFirst(key, memory, (entry) =>
              entry === undefined ? Effect.succeed(false) : Effect.as(right.deleteMany([key]), true)
            )
          )
        : right.expire(key, ttl)
  })),
  locked("delete answers what it saw before", (right, memory, turn) => ({
    deleteMany: (keys) =>
      turn(
        readFirst(keys[0] ?? "", memory, (entry) =>
          Effect.map(right.deleteMany(keys), (removed) => (keys.length === 1 ? Number(entry !== undefined) : removed))
        )
      )
  })),
  locked("set writes the value, then the time to live", (right) => ({
    set: (key, value, ttl) =>
      ttl === undefined
        ? right.set(key, value, ttl)
        : Effect.andThen(right.set(key, value, undefined), Effect.andThen(Effect.yieldNow, right.expire(key, ttl)))
  })),
  wrongDriver(
    "getAndDelete, increment: of 100 that count and 30 that collect at once, no count is lost",
    "getAndDelete deletes what was counted since it read",
    (right, memory) => {
      const turn = inTurn()
      return {
        getAndDelete: (key) => turn(readFirst(key, memory, (entry) => Effect.as(right.deleteMany([key]), entry?.value)))
      }
    }
  ),
  wrongDriver("setMany: atomic, of 750 entries", "setMany of 501 to 999 entries is written in two halves", (right) => ({
    setMany: (entries, ttl) =>
      entries.length <= 500 || entries.length >= 1_000
        ? right.setMany(entries, ttl)
        : Effect.andThen(
            right.setMany(entries.slice(0, 500), ttl),
            Effect.andThen(Effect.yieldNow, right.setMany(entries.slice(500), ttl))
          )
  })),
  ...(["1,000", "501", "101"] as const).map((size) =>
    wrongDriver(
      `setMany: atomic, of ${size} entries with a time to live`,
      `setMany of ${size} entries with a time to live is written entry by entry`,
      (right) => ({
        setMany: (entries, ttl) =>
          ttl === undefined
            ? right.setMany(entries, ttl)
            : Effect.forEach(entries, ([key, value]) => Effect.andThen(Effect.yieldNow, right.set(key, value, ttl)), {
                discard: true
              })
      })
    )
  )
]
