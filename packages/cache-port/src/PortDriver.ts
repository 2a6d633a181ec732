/**
 * Any port seen as a driver, so that `CachePort.namespaced` works on ports that no driver stands behind: a test's own
 * fake, or a layer wrapped around another port.
 *
 * @internal
 */
import { Effect, Option, Stream } from "effect"
import { type CacheDriver, DriverFailure } from "./CacheDriver.ts"
import type { CacheError } from "./CacheError.ts"
import type { CachePort } from "./CachePort.ts"

const toFailure = ({ outcome, reason, serverCode }: CacheError): DriverFailure =>
  new DriverFailure(reason, outcome, serverCode)

const lower = <A>(asked: Effect.Effect<A, CacheError>): Effect.Effect<A, DriverFailure> =>
  Effect.mapError(asked, toFailure)

/** The driver that asks `cache`. A key's limit then counts the namespace in front of it too. */
export const driverOf = (cache: CachePort["Service"]): CacheDriver => ({
  get: (key) => lower(Effect.map(cache.get(key), Option.getOrUndefined)),
  getMany: (keys) =>
    lower(Effect.map(cache.getMany(keys), (found) =>
      keys.map((key) => Option.getOrUndefined(found.get(key) ?? Option.none())))),
  set: (key, value, ttl) => lower(cache.set(key, value, { ttl })),
  setMany: (entries, ttl) => lower(cache.setMany(entries, { ttl })),
  setIfAbsent: (key, value, ttl) => lower(cache.setIfAbsent(key, value, { ttl })),
  deleteMany: (keys) => lower(cache.deleteMany(keys)),
  getAndDelete: (key) => lower(Effect.map(cache.getAndDelete(key), Option.getOrUndefined)),
  compareAndDelete: (key, expected) => lower(cache.compareAndDelete(key, expected)),
  exists: (key) => lower(cache.exists(key)),
  expire: (key, ttl) => lower(cache.expire(key, ttl ?? "Infinity")),
  ttl: (key) => lower(cache.ttl(key)),
  increment: (key, amount, ttl) => lower(cache.increment(key, amount, { ttl })),
  scan: (pattern) =>
    cache.scan(pattern).pipe(Stream.mapError(toFailure), Stream.chunks),
  deletePattern: (pattern) => lower(cache.deletePattern(pattern)),
  flush: lower(cache.flush),
  ping: lower(cache.ping)
})
