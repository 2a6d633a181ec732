/**
 * The keys of a driver that begin with a prefix, as a driver.
 *
 * @internal
 */
import { Effect, Stream } from "effect"
import type { CacheDriver } from "../CacheDriver.ts"
import * as Glob from "../Glob.ts"

/** Adds `prefix` to every key and pattern, and takes it from the keys of `scan`. */
export const withPrefix = (driver: CacheDriver, prefix: string): CacheDriver => {
  if (prefix === "") return driver
  const add = (key: string): string => prefix + key
  const literal = Glob.escape(prefix)
  return {
    get: (key) => driver.get(prefix + key),
    getMany: (keys) => driver.getMany(keys.map(add)),
    set: (key, value, ttl) => driver.set(prefix + key, value, ttl),
    setMany: (entries, ttl) =>
      driver.setMany(
        entries.map(([key, value]) => [prefix + key, value]),
        ttl
      ),
    setIfAbsent: (key, value, ttl) => driver.setIfAbsent(prefix + key, value, ttl),
    deleteMany: (keys) => driver.deleteMany(keys.map(add)),
    getAndDelete: (key) => driver.getAndDelete(prefix + key),
    compareAndDelete: (key, expected) => driver.compareAndDelete(prefix + key, expected),
    getAndExpire: (key, ttl) => driver.getAndExpire(prefix + key, ttl),
    compareAndExpire: (key, expected, ttl) => driver.compareAndExpire(prefix + key, expected, ttl),
    exists: (key) => driver.exists(prefix + key),
    expire: (key, ttl) => driver.expire(prefix + key, ttl),
    ttl: (key) => driver.ttl(prefix + key),
    increment: (key, amount, ttl) => driver.increment(prefix + key, amount, ttl),
    scan: (pattern) =>
      Stream.map(driver.scan(literal + pattern), (page) => page.map((key) => key.slice(prefix.length))),
    deletePattern: (pattern) => driver.deletePattern(literal + pattern),
    flush: Effect.suspend(() => Effect.asVoid(driver.deletePattern(`${literal}*`))),
    ping: driver.ping,
    scansOnce: driver.scansOnce,
    unsupported: driver.unsupported,
    fastPaths: (inner) => driver.fastPaths?.(prefix + inner) ?? {}
  }
}
