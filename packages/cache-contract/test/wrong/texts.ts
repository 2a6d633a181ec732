/**
 * Wrong caches that take a text for another, as a key or as a value.
 */
import { type CacheDriver, Glob } from "@hexcache/cache-port"
import { Effect, Stream } from "effect"
import { type WrongCache, wrongDriver } from "./WrongCache.ts"

/** A driver that changes every key before it asks its store, which then has the changed one. */
const rekeyed =
  (change: (key: string) => string) =>
  (right: CacheDriver): Partial<CacheDriver> => ({
    get: (key) => right.get(change(key)),
    getMany: (keys) => right.getMany(keys.map(change)),
    set: (key, value, ttl) => right.set(change(key), value, ttl),
    setMany: (entries, ttl) =>
      right.setMany(
        entries.map(([key, value]) => [change(key), value]),
        ttl
      ),
    setIfAbsent: (key, value, ttl) => right.setIfAbsent(change(key), value, ttl),
    deleteMany: (keys) => right.deleteMany(keys.map(change)),
    getAndDelete: (key) => right.getAndDelete(change(key)),
    compareAndDelete: (key, expected) => right.compareAndDelete(change(key), expected),
    getAndExpire: (key, ttl) => right.getAndExpire(change(key), ttl),
    compareAndExpire: (key, expected, ttl) => right.compareAndExpire(change(key), expected, ttl),
    exists: (key) => right.exists(change(key)),
    expire: (key, ttl) => right.expire(change(key), ttl),
    ttl: (key) => right.ttl(change(key)),
    increment: (key, amount, ttl) => right.increment(change(key), amount, ttl)
  })

const alike = "keys that look alike elsewhere are different keys, to every operation"

const long = "keys that differ in their last character are different keys, of any length"

/** The part of a key behind its namespace is what a mistake is about. */
const behind = (change: (name: string) => string) => (key: string) => {
  const at = key.indexOf(":") + 1
  return key.slice(0, at) + change(key.slice(at))
}

const wrongKeys = (law: string, wrong: Record<string, (key: string) => string>): ReadonlyArray<WrongCache> =>
  Object.entries(wrong).map(([name, change]) => wrongDriver(law, name, rekeyed(change)))

/** A hash of 32 bits, as no store of keys should have it. */
const hash = (text: string): string => {
  let sum = 0
  for (let index = 0; index < text.length; index++) sum = (Math.imul(sum, 31) + text.charCodeAt(index)) | 0
  return String(sum)
}

const anyText = "every write stores any text as it is, and every read gives it back as it was"

/** A driver whose `setMany` or `setIfAbsent` rewrites values. */
const rewriting = (name: string, change: (value: string) => string): ReadonlyArray<WrongCache> => [
  wrongDriver(anyText, `set ${name}`, (right) => ({ set: (key, value, ttl) => right.set(key, change(value), ttl) })),
  wrongDriver(anyText, `setMany ${name}`, (right) => ({
    setMany: (entries, ttl) =>
      right.setMany(
        entries.map(([key, value]) => [key, change(value)]),
        ttl
      )
  })),
  wrongDriver(anyText, `getMany ${name}`, (right) => ({
    getMany: (keys) => Effect.map(right.getMany(keys), (found) => found.map((value) => value && change(value)))
  }))
]

const throughJson = (text: string): string => {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return text
  }
}

const equality = "compareAndDelete: no text is equal to another"

/** A `compareAndDelete` by an equality of its own. */
const comparing = (name: string, change: (text: string) => string): WrongCache =>
  wrongDriver(equality, `compareAndDelete ${name}`, (_right, { entries, live, step }) => ({
    compareAndDelete: (key, expected) =>
      step((now) => {
        const entry = live(key, now)
        return entry !== undefined && change(entry.value) === change(expected) && entries.delete(key)
      })
  }))

const large = "every write and read takes a value of 300,000 characters"

export const texts: ReadonlyArray<WrongCache> = [
  ...wrongKeys(alike, {
    "keys lose spaces at their end": (key) => key.trimEnd(),
    "keys lose zero-width characters": (key) => key.replaceAll(/[\u200b-\u200d\ufeff]/g, ""),
    "keys that are numbers are numbers": behind((name) =>
      /^\+?\d+(\.\d+)?$/.test(name) ? String(Number(name)) : name
    ),
    "keys are paths, and lead up": behind((name) => name.replaceAll(/[^/]+\/\.\.\//g, "")),
    "keys are paths, and double slashes one": (key) => key.replaceAll(/\/+/g, "/"),
    "keys are paths without a slash at their end": (key) => key.replaceAll(/(?<=.)\/$/g, ""),
    "a plus in a key is a space": (key) => key.replaceAll("+", " "),
    "a percent sign in a key is read": (key) => key.replaceAll(/%20/g, " "),
    "hexadecimal digits in a key differ in case only": (key) => key.replaceAll(/%2f/g, "%2F"),
    "control characters are left out of keys": (key) => key.replaceAll(/[\0-\x1f]/g, ""),
    "characters that no file name has are underscores": (key) => key.replaceAll(/[/\\?|]/g, "_"),
    "keys have no accents": (key) => key.normalize("NFD").replaceAll(/[\u0300-\u036f]/g, ""),
    "keys are of full width and half": (key) => key.replaceAll("ａ", "a"),
    "a key ends at a question mark": behind((name) => name.replace(/(?<=.)\?.*/s, "")),
    "a key ends at a number sign": behind((name) => name.replace(/(?<=.)#.*/s, ""))
  }),
  wrongDriver(alike, "a directory hides its files", (right) => ({
    setMany: (entries, ttl) =>
      right.setMany(
        entries.filter(([key]) => !entries.some(([other]) => other !== key && other.startsWith(`${key}/`))),
        ttl
      )
  })),
  wrongDriver(alike, "scan answers keys without the spaces at their end", (right) => ({
    scan: (pattern) => Stream.map(right.scan(pattern), (page) => page.map((key) => key.trimEnd()))
  })),
  ...wrongKeys(long, {
    "keys are told apart by 250 characters": (key) => key.slice(0, 250),
    "keys are told apart by 767 characters": (key) => key.slice(0, 767),
    "keys are told apart by 3,072 bytes": (key) => key.slice(0, 3_072),
    "keys are told apart by 16,000 characters": (key) => key.slice(0, 16_000),
    "long keys are hashed": (key) => (key.length > 250 ? key.slice(0, 60) + hash(key) : key)
  }),
  ...rewriting("writes JSON anew", throughJson),
  ...rewriting("takes text that is a number for one", (text) =>
    /^[+-]?\d+(\.\d+)?$/.test(text) ? String(Number(text)) : text
  ),
  ...rewriting("makes line ends alike", (text) => text.replaceAll("\r\n", "\n")),
  ...rewriting("drops a byte order mark", (text) => text.replace(/^\ufeff/, "")),
  ...rewriting("normalizes", (text) => text.normalize("NFC")),
  wrongDriver(anyText, "setIfAbsent of the empty text does nothing", (right) => ({
    setIfAbsent: (key, value, ttl) => (value === "" ? Effect.succeed(true) : right.setIfAbsent(key, value, ttl))
  })),
  wrongDriver(anyText, "setIfAbsent takes the empty text for an absent key", (right) => ({
    setIfAbsent: (key, value, ttl) =>
      Effect.flatMap(right.get(key), (old) =>
        old === "" ? Effect.as(right.set(key, value, ttl), true) : right.setIfAbsent(key, value, ttl)
      )
  })),
  wrongDriver(anyText, "getAndDelete of the empty text is none", (right) => ({
    getAndDelete: (key) => Effect.map(right.getAndDelete(key), (value) => value || undefined)
  })),
  wrongDriver(anyText, "getMany of the empty text is none", (right) => ({
    getMany: (keys) => Effect.map(right.getMany(keys), (found) => found.map((value) => value || undefined))
  })),
  wrongDriver(large, "setMany cuts values", (right) => ({
    setMany: (entries, ttl) =>
      right.setMany(
        entries.map(([key, value]) => [key, value.slice(0, 65_535)]),
        ttl
      )
  })),
  wrongDriver(large, "setIfAbsent cuts values", (right) => ({
    setIfAbsent: (key, value, ttl) => right.setIfAbsent(key, value.slice(0, 262_144), ttl)
  })),
  wrongDriver(large, "getMany leaves large values out", (right) => ({
    getMany: (keys) =>
      Effect.map(right.getMany(keys), (found) =>
        found.map((value) => (value !== undefined && value.length > 100_000 ? undefined : value))
      )
  })),
  wrongDriver(large, "compareAndDelete compares 64 KiB", (_right, { entries, live, step }) => ({
    compareAndDelete: (key, expected) =>
      step((now) => live(key, now)?.value.slice(0, 65_536) === expected.slice(0, 65_536) && entries.delete(key))
  })),
  comparing("compares by a collation", (text) => text.toLowerCase().trimEnd()),
  comparing("compares without accents", (text) => text.normalize("NFD").replaceAll(/[\u0300-\u036f]/g, "")),
  comparing("normalizes", (text) => text.normalize("NFC")),
  comparing("normalizes for compatibility", (text) => text.normalize("NFKC")),
  comparing("takes numbers for numbers", (text) => (/^\d+(\.\d+)?$/.test(text) ? String(Number(text)) : text)),
  comparing("compares loosely", (text) => (text !== "" && Number.isFinite(Number(text)) ? `${Number(text)}` : text)),
  comparing("compares 255 characters", (text) => text.slice(0, 255)),
  comparing("compares 8,000 characters", (text) => text.slice(0, 8_000)),
  comparing("compares JSON by what it means", throughJson),
  comparing("ends at a NUL", (text) => text.split("\0", 1)[0] ?? ""),
  comparing("leaves out zero-width characters", (text) => text.replaceAll(/[\u200b\ufeff]/g, "")),
  wrongDriver(equality, "compareAndDelete reads what it expects as a pattern", (right) => ({
    compareAndDelete: (key, expected) =>
      Effect.flatMap(right.get(key), (value) =>
        value !== undefined && Glob.matches(expected, value)
          ? Effect.map(right.deleteMany([key]), (removed) => removed === 1)
          : Effect.succeed(false)
      )
  }))
]
