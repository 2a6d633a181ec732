/**
 * Wrong caches that keep a time to live in whole seconds, touch it where nothing may, or forget it where a counter or a
 * batch begins.
 */
import { type CacheDriver, TimeToLive } from "@hexcache/cache-port"
import { Duration, Effect } from "effect"
import { expiry, type Memory } from "./Reference.ts"
import { brokenBy, type WrongCache } from "./WrongCache.ts"

/** The operation, and a longer life for its key afterwards, if the key is one that expires. */
const prolonging = <A, E>(operation: Effect.Effect<A, E>, key: string, { entries, live, step }: Memory) =>
  Effect.tap(operation, () =>
    step((now) => {
      const entry = live(key, now)
      if (entry !== undefined && entry.expiresAt !== Infinity) {
        entries.set(key, { ...entry, expiresAt: entry.expiresAt + 10_000 })
      }
    })
  )

const floored = (ttl: number | undefined) => (ttl === undefined ? undefined : Math.max(1, ttl - (ttl % 1_000)))

const withLeft = (right: CacheDriver, change: (millis: number) => number | undefined): Partial<CacheDriver> => ({
  ttl: (key) =>
    Effect.map(right.ttl(key), (left) => {
      if (!TimeToLive.$is("Expires")(left)) return left
      const millis = change(Duration.toMillis(left.remaining))
      return millis === undefined ? TimeToLive.Missing() : TimeToLive.Expires({ remaining: Duration.millis(millis) })
    })
})

export const lifetimes: ReadonlyArray<WrongCache> = [
  ...brokenBy("a time to live of no whole seconds, below one or above, is kept to the millisecond", {
    "setIfAbsent keeps whole seconds": (right) => ({
      setIfAbsent: (key, value, ttl) => right.setIfAbsent(key, value, floored(ttl))
    }),
    "setMany keeps whole seconds": (right) => ({ setMany: (entries, ttl) => right.setMany(entries, floored(ttl)) }),
    "increment keeps whole seconds": (right) => ({
      increment: (key, amount, ttl) => right.increment(key, amount, floored(ttl))
    }),
    "expire keeps whole seconds": (right) => ({ expire: (key, ttl) => right.expire(key, ttl && floored(ttl)) }),
    "less than a second lasts for one": (right) => ({
      set: (key, value, ttl) => right.set(key, value, ttl && Math.max(ttl, 1_000))
    }),
    "less than a second left is Missing": (right) => withLeft(right, (millis) => (millis < 1_000 ? undefined : millis)),
    "what is left is rounded to tenths of a second": (right) =>
      withLeft(right, (millis) => (millis > 100_000 ? millis : Math.ceil(millis / 100) * 100))
  }),
  ...brokenBy("set, setJson, setMany, expire: a shorter time to live replaces a longer one, also with the same value", {
    "expire keeps the longer time to live": (right, { live, step }) => ({
      expire: (key, ttl) =>
        Effect.flatMap(
          step((now) => (live(key, now)?.expiresAt ?? 0) > expiry(now, ttl) && ttl !== 0),
          (isLonger) => (isLonger ? right.exists(key) : right.expire(key, ttl))
        )
    }),
    "set of the value that is there does nothing": (right) => ({
      set: (key, value, ttl) =>
        Effect.flatMap(right.get(key), (old) => (old === value ? Effect.void : right.set(key, value, ttl)))
    }),
    "setMany of the value that is there does nothing": (right, { live, step }) => ({
      setMany: (entries, ttl) =>
        Effect.flatMap(
          step((now) => entries.filter(([key, value]) => live(key, now)?.value !== value)),
          (changed) => right.setMany(changed, ttl)
        )
    }),
    "set keeps the longer time to live": (_right, { entries, live, step }) => ({
      set: (key, value, ttl) =>
        step((now) => {
          const old = live(key, now)?.expiresAt ?? 0
          entries.set(key, { value, expiresAt: old === Infinity ? expiry(now, ttl) : Math.max(old, expiry(now, ttl)) })
        })
    })
  }),
  ...brokenBy("a read, and a write that changes nothing, leave a time to live as it is", {
    "get prolongs": (right, memory) => ({ get: (key) => prolonging(right.get(key), key, memory) }),
    "getMany prolongs": (right, memory) => ({
      getMany: (keys) => prolonging(right.getMany(keys), keys[0] ?? "", memory)
    }),
    "exists prolongs": (right, memory) => ({ exists: (key) => prolonging(right.exists(key), key, memory) }),
    "a refused setIfAbsent sets the time to live": (right) => ({
      setIfAbsent: (key, value, ttl) =>
        Effect.tap(right.setIfAbsent(key, value, ttl), (isSet) => (isSet ? Effect.void : right.expire(key, ttl)))
    }),
    "a refused setIfAbsent sets a time to live only if it has one": (right) => ({
      setIfAbsent: (key, value, ttl) =>
        Effect.tap(right.setIfAbsent(key, value, ttl), (isSet) =>
          isSet || ttl === undefined ? Effect.void : right.expire(key, ttl)
        )
    }),
    "a setIfAbsent of the value that is there prolongs": (right) => ({
      setIfAbsent: (key, value, ttl) =>
        Effect.flatMap(right.get(key), (old) =>
          old === value && ttl !== undefined
            ? Effect.as(right.expire(key, ttl), false)
            : right.setIfAbsent(key, value, ttl)
        )
    }),
    "a compareAndDelete that does not match prolongs": (right, memory) => ({
      compareAndDelete: (key, expected) => prolonging(right.compareAndDelete(key, expected), key, memory)
    }),
    "a compareAndDelete that does not match writes back without a time to live": (right) => ({
      compareAndDelete: (key, expected) =>
        Effect.flatMap(right.getAndDelete(key), (value) =>
          value === undefined || value === expected
            ? Effect.succeed(value !== undefined)
            : Effect.as(right.set(key, value, undefined), false)
        )
    }),
    "an increment that fails sets the time to live": (right) => ({
      increment: (key, amount, ttl) =>
        Effect.tapError(right.increment(key, amount, ttl), () =>
          ttl === undefined ? Effect.void : right.expire(key, ttl)
        )
    }),
    "an increment out of range is taken back, and its time to live lost": (right) => ({
      increment: (key, amount, ttl) =>
        Effect.tapError(right.increment(key, amount, ttl), ({ reason }) =>
          reason._tag === "OutOfRange" ? right.expire(key, undefined) : Effect.void
        )
    })
  }),
  ...brokenBy("increment, decrement: ttl is set by the call that creates the key, by whatever amount", {
    "decrement ignores the time to live": (right) => ({
      increment: (key, amount, ttl) => right.increment(key, amount, amount < 0 ? undefined : ttl)
    }),
    "increment by 0 ignores the time to live": (right) => ({
      increment: (key, amount, ttl) => right.increment(key, amount, amount === 0 ? undefined : ttl)
    }),
    "the time to live is set where the sum is 1": (right) => ({
      increment: (key, amount, ttl) =>
        Effect.tap(right.increment(key, amount, undefined), (sum) =>
          sum === 1 && ttl !== undefined ? right.expire(key, ttl) : Effect.void
        )
    })
  }),
  ...brokenBy("increment, decrement: a counter at 0 is there, and its time to live stays", {
    "a counter at 0 counts as absent": (right) => ({
      increment: (key, amount, ttl) =>
        Effect.flatMap(right.get(key), (text) =>
          Effect.tap(right.increment(key, amount, ttl), () =>
            text === "0" && ttl !== undefined ? right.expire(key, ttl) : Effect.void
          )
        )
    }),
    "a counter at 0 is removed": (right) => ({
      increment: (key, amount, ttl) =>
        Effect.tap(right.increment(key, amount, ttl), (sum) =>
          sum === 0 && amount !== 0 ? right.deleteMany([key]) : Effect.void
        )
    }),
    "the time to live is set where the sum is the amount": (right) => ({
      increment: (key, amount, ttl) =>
        Effect.tap(right.increment(key, amount, ttl), (sum) =>
          sum === amount && ttl !== undefined ? right.expire(key, ttl) : Effect.void
        )
    })
  }),
  ...brokenBy("setMany: every entry of 1,501 has the time to live, and loses the one that it had", {
    "only the last part of a batch has the time to live": (right) => ({
      setMany: (entries, ttl) =>
        Effect.andThen(right.setMany(entries.slice(0, -500), undefined), right.setMany(entries.slice(-500), ttl))
    }),
    "only the first entry of a batch has the time to live": (right) => ({
      setMany: (entries, ttl) =>
        Effect.andThen(right.setMany(entries, undefined), right.setMany(entries.slice(0, 1), ttl))
    }),
    "a batch of more than 1,000 has no time to live": (right) => ({
      setMany: (entries, ttl) => right.setMany(entries, entries.length > 1_000 ? undefined : ttl)
    }),
    "setMany without a time to live keeps the old one": (right, { entries, live, step }) => ({
      setMany: (many, ttl) =>
        ttl !== undefined
          ? right.setMany(many, ttl)
          : step((now) => {
              for (const [key, value] of many) {
                entries.set(key, { value, expiresAt: live(key, now)?.expiresAt ?? Infinity })
              }
            })
    })
  }),
  ...brokenBy("getMany, deleteMany: of 1,501 keys a third is absent", {
    "an absent key shifts what follows it": (right) => ({
      getMany: (keys) =>
        Effect.map(right.getMany(keys), (found) => {
          if (keys.length <= 100) return found
          const there = found.filter((value) => value !== undefined)
          return keys.map((_, index) => there[index])
        })
    }),
    "a part of a batch without a key is left out": (right) => ({
      getMany: (keys) =>
        Effect.map(
          Effect.forEach(
            Array.from({ length: Math.ceil(keys.length / 2) }, (_, index) => keys.slice(2 * index, 2 * index + 2)),
            (part) => right.getMany(part)
          ),
          (parts) => parts.flatMap((part) => (part.includes(undefined) ? [part[0], undefined] : part))
        )
    }),
    "deleteMany of more than 100 keys counts the keys of the call": (right) => ({
      deleteMany: (keys) => Effect.map(right.deleteMany(keys), (removed) => (keys.length > 100 ? keys.length : removed))
    }),
    "deleteMany counts the last part only": (right) => ({
      deleteMany: (keys) =>
        keys.length <= 1_000
          ? right.deleteMany(keys)
          : Effect.andThen(right.deleteMany(keys.slice(0, 1_000)), right.deleteMany(keys.slice(1_000)))
    })
  })
]
