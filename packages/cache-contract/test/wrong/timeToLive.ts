/**
 * Wrong caches that break a law of times to live.
 */
import { Glob, TimeToLive } from "@hexcache/cache-port"
import { Duration, Effect, Stream } from "effect"
import { expiry } from "./Reference.ts"
import { type WrongCache, wrongDriver, wrongMillisecond, wrongPort } from "./WrongCache.ts"

export const timeToLive: ReadonlyArray<WrongCache> = [
  wrongMillisecond("time to live", "a key lives a millisecond too long", (right) => ({
    set: (key, value, ttl) => right.set(key, value, ttl === undefined ? undefined : ttl + 1)
  })),
  wrongMillisecond("time to live", "a key dies a millisecond early", (right) => ({
    setMany: (entries, ttl) => right.setMany(entries, ttl === undefined ? undefined : Math.max(1, ttl - 1))
  })),
  wrongDriver("time to live", "set keeps the old time to live", (_right, { entries, live, step }) => ({
    set: (key, value, ttl) =>
      step((now) => {
        const old = live(key, now)
        entries.set(key, {
          value,
          expiresAt: ttl === undefined && old !== undefined ? old.expiresAt : expiry(now, ttl)
        })
      })
  })),
  wrongDriver("time to live", "setMany forgets the time to live", (right) => ({
    setMany: (entries) => right.setMany(entries, undefined)
  })),
  wrongDriver("time to live", "setIfAbsent forgets the time to live", (right) => ({
    setIfAbsent: (key, value) => right.setIfAbsent(key, value, undefined)
  })),
  wrongDriver("time to live", "an expired key exists until it is read", (_right, { entries, step }) => ({
    exists: (key) => step(() => entries.has(key))
  })),
  wrongDriver("time to live", "an expired key is counted as deleted", (_right, { entries, step }) => ({
    deleteMany: (keys) => step(() => keys.filter((key) => entries.delete(key)).length)
  })),
  wrongDriver("time to live", "an expired key keeps others from setting it", (right, { entries, step }) => ({
    setIfAbsent: (key, value, ttl) =>
      Effect.flatMap(
        step(() => entries.has(key)),
        (has) => (has ? Effect.succeed(false) : right.setIfAbsent(key, value, ttl))
      )
  })),
  wrongDriver("time to live", "scan answers expired keys", (_right, { entries, step }) => ({
    scan: (pattern) =>
      Stream.fromEffect(step(() => Array.from(entries.keys()).filter((key) => Glob.matches(pattern, key))))
  })),
  wrongDriver("time to live", "reading makes a key live longer", (_right, { entries, live, step }) => ({
    get: (key) =>
      step((now) => {
        const entry = live(key, now)
        if (entry !== undefined) entries.set(key, { ...entry, expiresAt: entry.expiresAt + 60_000 })
        return entry?.value
      })
  })),
  wrongDriver("time to live", "times to live are whole seconds", (right) => ({
    set: (key, value, ttl) => right.set(key, value, ttl === undefined ? undefined : Math.ceil(ttl / 1_000) * 1_000)
  })),
  wrongDriver("time to live", "times to live are rounded to whole seconds", (right) => {
    const rounded = (ttl: number | undefined) => ttl && Math.max(1, Math.round(ttl / 1_000)) * 1_000
    return {
      set: (key, value, ttl) => right.set(key, value, rounded(ttl)),
      expire: (key, ttl) => right.expire(key, rounded(ttl))
    }
  }),
  wrongDriver("time to live", "times to live lose their part of a second", (right) => ({
    set: (key, value, ttl) =>
      right.set(key, value, ttl === undefined ? undefined : ttl < 1_000 ? ttl : ttl - (ttl % 1_000))
  })),
  wrongDriver("time to live", "what remains of a time to live loses its part of a second", (right) => ({
    ttl: (key) =>
      Effect.map(right.ttl(key), (left) =>
        TimeToLive.$is("Expires")(left)
          ? TimeToLive.Expires({ remaining: Duration.seconds(Math.floor(Duration.toSeconds(left.remaining))) })
          : left
      )
  })),
  wrongDriver("time to live", "a key lives for half of its time to live", (right) => ({
    setIfAbsent: (key, value, ttl) => right.setIfAbsent(key, value, ttl && Math.ceil(ttl / 2))
  })),
  wrongDriver("time to live", "a key lives for twice its time to live", (right) => ({
    setIfAbsent: (key, value, ttl) => right.setIfAbsent(key, value, ttl && ttl * 2)
  })),
  wrongDriver("time to live", "ttl of a key without one is Missing", (right) => ({
    ttl: (key) =>
      Effect.map(right.ttl(key), (left) => (TimeToLive.$is("Persistent")(left) ? TimeToLive.Missing() : left))
  })),
  wrongDriver("time to live", "ttl is the time to live as it was set", (right) => {
    const set = new Map<string, number>()
    return {
      set: (key, value, ttl) => Effect.tap(right.set(key, value, ttl), () => Effect.sync(() => set.set(key, ttl ?? 0))),
      ttl: (key) =>
        Effect.map(right.ttl(key), (left) =>
          TimeToLive.$is("Expires")(left) ? TimeToLive.Expires({ remaining: Duration.millis(set.get(key) ?? 0) }) : left
        )
    }
  }),
  wrongPort("time to live", "options of another name are left out", (right) => ({
    set: (key, value, options) =>
      typeof options === "object" && options !== null && !("ttl" in options)
        ? right.set(key, value)
        : right.set(key, value, options)
  })),
  wrongDriver("time to live", "expire answers true for an absent key", (right) => ({
    expire: (key, ttl) => Effect.as(right.expire(key, ttl), true)
  })),
  wrongDriver("time to live", "a zero ttl makes a key persistent", (right) => ({
    expire: (key, ttl) => right.expire(key, ttl === 0 ? undefined : ttl)
  })),
  wrongDriver("time to live", "a long time to live overflows 32 bits", (right) => ({
    set: (key, value, ttl) => right.set(key, value, ttl === undefined ? undefined : ttl % 2 ** 31)
  }))
]
