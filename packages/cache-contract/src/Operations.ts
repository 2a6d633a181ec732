/**
 * Every operation of the port that reaches its store.
 */
import { type CacheError, type CacheOperation, CachePort } from "@hexcache/cache-port"
import { type Effect, Stream } from "effect"
import { missingFor } from "./LeftOut.ts"

type Cache = CachePort["Service"]

/** A call of an operation, on keys that need not exist. */
type Call = readonly [name: CacheOperation, run: (cache: Cache) => Effect.Effect<unknown, CacheError>]

/** A call of each operation of the port that reaches its store. */
export const storeOperations: ReadonlyArray<Call> = [
  ["get", (cache) => cache.get("key")],
  ["getJson", (cache) => cache.getJson("key")],
  ["set", (cache) => cache.set("key", "value")],
  ["setJson", (cache) => cache.setJson("key", 1)],
  ["setIfAbsent", (cache) => cache.setIfAbsent("key", "value")],
  ["delete", (cache) => cache.delete("key")],
  ["deleteMany", (cache) => cache.deleteMany(["a", "b"])],
  ["getAndDelete", (cache) => cache.getAndDelete("key")],
  ["compareAndDelete", (cache) => cache.compareAndDelete("key", "value")],
  ["getAndExpire", (cache) => cache.getAndExpire("key", "1 hour")],
  ["compareAndExpire", (cache) => cache.compareAndExpire("key", "value", "1 hour")],
  ["exists", (cache) => cache.exists("key")],
  ["expire", (cache) => cache.expire("key", "1 hour")],
  ["ttl", (cache) => cache.ttl("key")],
  ["increment", (cache) => cache.increment("count")],
  ["decrement", (cache) => cache.decrement("count")],
  ["getMany", (cache) => cache.getMany(["a", "b"])],
  ["setMany", (cache) => cache.setMany([["a", "1"]])],
  ["deletePattern", (cache) => cache.deletePattern("*")],
  ["scan", (cache) => Stream.runDrain(cache.scan("*"))],
  ["flush", (cache) => cache.flush],
  ["ping", (cache) => cache.ping]
]

/** The calls of the operations that the store of a cache has. */
export const operationsOf = (cache: Cache): ReadonlyArray<Call> => {
  const missing = CachePort.unsupported(cache)
  return storeOperations.filter(([name]) => missingFor(name, missing) === undefined)
}

/** Every operation that the store of a cache has, on this cache. */
export const everyOperation = (
  cache: Cache
): ReadonlyArray<readonly [name: string, Effect.Effect<unknown, CacheError>]> =>
  operationsOf(cache).map(([name, run]) => [name, run(cache)])
