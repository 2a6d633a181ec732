/**
 * Every operation of the port that reaches its store.
 */
import type { CacheError, CachePort } from "@hexcache/cache-port"
import { type Effect, Stream } from "effect"

type Cache = CachePort["Service"]

/** Calls of each operation of the port that reaches its store, on keys that need not exist. */
export const storeOperations: ReadonlyArray<
  readonly [name: string, run: (cache: Cache) => Effect.Effect<unknown, CacheError>]
> = [
  ["get", (cache) => cache.get("key")],
  ["getJson", (cache) => cache.getJson("key")],
  ["set", (cache) => cache.set("key", "value")],
  ["setJson", (cache) => cache.setJson("key", 1)],
  ["setIfAbsent", (cache) => cache.setIfAbsent("key", "value")],
  ["delete", (cache) => cache.delete("key")],
  ["deleteMany", (cache) => cache.deleteMany(["a", "b"])],
  ["getAndDelete", (cache) => cache.getAndDelete("key")],
  ["compareAndDelete", (cache) => cache.compareAndDelete("key", "value")],
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

/** Every operation of the port that reaches its store. */
export const everyOperation = (
  cache: Cache
): ReadonlyArray<readonly [name: string, Effect.Effect<unknown, CacheError>]> =>
  storeOperations.map(([name, run]) => [name, run(cache)])
