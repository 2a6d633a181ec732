/**
 * A driver that is right, and so plain that a wrong one is made from it by a single change.
 */
import { type CacheDriver, DriverFailure, Glob, OutOfRange, TimeToLive, WrongType } from "@hexcache/cache-port"
import { Clock, Duration, Effect, Stream } from "effect"

/** The value and the expiry of a key. */
export interface Entry {
  readonly value: string
  /** In milliseconds since the epoch; `Infinity` for never. */
  readonly expiresAt: number
}

/** The entries, and how a driver gets at them. */
export interface Memory {
  readonly entries: Map<string, Entry>
  /** The live entry of a key. */
  readonly live: (key: string, now: number) => Entry | undefined
  /** Something done in one step, at the time it is done. */
  readonly step: <A>(run: (now: number) => A) => Effect.Effect<A>
}

export const makeMemory = (): Memory => {
  const entries = new Map<string, Entry>()
  return {
    entries,
    live: (key, now) => {
      const entry = entries.get(key)
      return entry !== undefined && entry.expiresAt > now ? entry : undefined
    },
    step: (run) => Effect.map(Clock.currentTimeMillis, run)
  }
}

export const expiry = (now: number, ttl: number | undefined): number => (ttl === undefined ? Infinity : now + ttl)

const int64 = /^(?:0|-?[1-9][0-9]{0,18})$/

/** The sum, or why there is none. */
export const sumOf = (text: string, amount: number): bigint | DriverFailure => {
  const failure = new DriverFailure(new WrongType({ message: "not an integer" }))
  if (!int64.test(text)) return failure
  const stored = BigInt(text)
  if (BigInt.asIntN(64, stored) !== stored) return failure
  const sum = stored + BigInt(amount)
  return Number.isSafeInteger(Number(sum)) ? sum : new DriverFailure(new OutOfRange({ message: "not a safe integer" }))
}

/** The right driver on some entries. */
export const makeReference = ({ entries, live, step }: Memory = makeMemory()): CacheDriver => {
  const remove = (key: string, now: number): boolean => live(key, now) !== undefined && entries.delete(key)
  const matching = (pattern: string, now: number): ReadonlyArray<string> =>
    Array.from(entries.keys()).filter((key) => live(key, now) !== undefined && Glob.matches(pattern, key))
  return {
    get: (key) => step((now) => live(key, now)?.value),
    getMany: (keys) => step((now) => keys.map((key) => live(key, now)?.value)),
    set: (key, value, ttl) => step((now) => void entries.set(key, { value, expiresAt: expiry(now, ttl) })),
    setMany: (many, ttl) =>
      step((now) => {
        for (const [key, value] of many) entries.set(key, { value, expiresAt: expiry(now, ttl) })
      }),
    setIfAbsent: (key, value, ttl) =>
      step((now) => {
        if (live(key, now) !== undefined) return false
        entries.set(key, { value, expiresAt: expiry(now, ttl) })
        return true
      }),
    deleteMany: (keys) => step((now) => keys.filter((key) => remove(key, now)).length),
    getAndDelete: (key) =>
      step((now) => {
        const value = live(key, now)?.value
        entries.delete(key)
        return value
      }),
    compareAndDelete: (key, expected) => step((now) => live(key, now)?.value === expected && entries.delete(key)),
    getAndExpire: (key, ttl) =>
      step((now) => {
        const value = live(key, now)?.value
        if (value !== undefined) entries.set(key, { value, expiresAt: expiry(now, ttl) })
        return value
      }),
    compareAndExpire: (key, expected, ttl) =>
      step((now) => {
        if (live(key, now)?.value !== expected) return false
        entries.set(key, { value: expected, expiresAt: expiry(now, ttl) })
        return true
      }),
    exists: (key) => step((now) => live(key, now) !== undefined),
    expire: (key, ttl) =>
      step((now) => {
        const entry = live(key, now)
        if (entry === undefined) return false
        entries.set(key, { value: entry.value, expiresAt: expiry(now, ttl) })
        return true
      }),
    ttl: (key) =>
      step((now) => {
        const entry = live(key, now)
        if (entry === undefined) return TimeToLive.Missing()
        if (entry.expiresAt === Infinity) return TimeToLive.Persistent()
        // Far in the future a double has no room for single milliseconds, and may be rounded up.
        return TimeToLive.Expires({
          remaining: Duration.millis(Math.min(entry.expiresAt - now, Number.MAX_SAFE_INTEGER))
        })
      }),
    increment: (key, amount, ttl) =>
      Effect.flatMap(
        step((now) => {
          const entry = live(key, now)
          const sum = sumOf(entry?.value ?? "0", amount)
          if (sum instanceof DriverFailure) return sum
          entries.set(key, { value: String(sum), expiresAt: entry?.expiresAt ?? expiry(now, ttl) })
          return Number(sum)
        }),
        (sum) => (sum instanceof DriverFailure ? Effect.fail(sum) : Effect.succeed(sum))
      ),
    scan: (pattern) => Stream.fromEffect(step((now) => matching(pattern, now))),
    deletePattern: (pattern) => step((now) => matching(pattern, now).filter((key) => remove(key, now)).length),
    flush: Effect.sync(() => entries.clear()),
    ping: Effect.void
  }
}
