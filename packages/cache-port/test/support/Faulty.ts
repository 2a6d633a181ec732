/**
 * A cache whose store a test breaks, holds and mends.
 */
import {
  type CacheDriver,
  type CacheErrorOutcome,
  type CacheErrorReason,
  CachePort,
  DriverFailure,
  TimeToLive
} from "@hexcache/cache-port"
import { Effect, Stream } from "effect"

/** The behaviour of the store from now on, and the number of operations that reached it. */
export interface Faulty {
  readonly cache: CachePort["Service"]
  /** The failure of every operation; without one, all succeed. */
  failure: DriverFailure | undefined
  /** Every operation waits for this first. */
  hold: Effect.Effect<void>
  /** The number of operations that reached the store. */
  asked: number
}

/** A whole store, in which each operation returns a value of its own. */
export const make = (): Faulty => {
  const ask = <A>(answer: A): Effect.Effect<A, DriverFailure> =>
    Effect.suspend(() => {
      faulty.asked++
      return Effect.andThen(
        faulty.hold,
        Effect.suspend(() => (faulty.failure === undefined ? Effect.succeed(answer) : Effect.fail(faulty.failure)))
      )
    })
  const driver: CacheDriver = {
    get: () => ask("1"),
    getMany: (keys) => ask(keys.map(() => "1")),
    set: () => ask(undefined),
    setMany: () => ask(undefined),
    setIfAbsent: () => ask(true),
    deleteMany: (keys) => ask(keys.length),
    getAndDelete: () => ask("1"),
    compareAndDelete: () => ask(true),
    getAndExpire: () => ask("1"),
    compareAndExpire: () => ask(true),
    exists: () => ask(true),
    expire: () => ask(true),
    ttl: () => ask(TimeToLive.Persistent()),
    increment: () => ask(7),
    scan: () => Stream.concat(Stream.make(["first"]), Stream.fromEffect(ask(["second"]))),
    deletePattern: () => ask(2),
    flush: ask(undefined),
    ping: ask(undefined)
  }
  const faulty: Faulty = {
    cache: CachePort.fromDriver(driver),
    failure: undefined,
    hold: Effect.void,
    asked: 0
  }
  return faulty
}

/** A failure for this reason. */
export const failure = (
  Reason: new (detail: { readonly message: string }) => CacheErrorReason,
  outcome?: CacheErrorOutcome
): DriverFailure => new DriverFailure(new Reason({ message: "made by the test" }), outcome)

/** Every operation of a cache, asked with input that is in order. */
export const everyOperation = (
  cache: CachePort["Service"]
): ReadonlyArray<readonly [name: keyof CachePort["Service"], asked: Effect.Effect<unknown, unknown>]> => [
  ["get", cache.get("key")],
  ["getJson", cache.getJson("key")],
  ["set", cache.set("key", "value")],
  ["setJson", cache.setJson("key", 1)],
  ["setIfAbsent", cache.setIfAbsent("key", "value")],
  ["delete", cache.delete("key")],
  ["deleteMany", cache.deleteMany(["key", "other"])],
  ["getAndDelete", cache.getAndDelete("key")],
  ["compareAndDelete", cache.compareAndDelete("key", "value")],
  ["getAndExpire", cache.getAndExpire("key", "1 minute")],
  ["compareAndExpire", cache.compareAndExpire("key", "value", "1 minute")],
  ["exists", cache.exists("key")],
  ["expire", cache.expire("key", "1 minute")],
  ["ttl", cache.ttl("key")],
  ["increment", cache.increment("key")],
  ["decrement", cache.decrement("key")],
  ["getMany", cache.getMany(["key", "other", "key"])],
  ["setMany", cache.setMany([["key", "value"]])],
  ["deletePattern", cache.deletePattern("*")],
  ["scan", Stream.runCollect(cache.scan("*"))],
  ["flush", cache.flush],
  ["ping", cache.ping]
]
