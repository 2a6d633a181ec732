/** A driver that records its calls, and untyped calls of a port. */
import { type CacheDriver, type CachePort, DriverFailure, Unavailable } from "@hexcache/cache-port"
import { Effect, Stream } from "effect"

/** A driver that records its calls, and fails all of them. */
export const recordingDriver = () => {
  const calls: Array<ReadonlyArray<unknown>> = []
  const failure = new DriverFailure(new Unavailable({ message: "no connection is ready" }), "Unknown", "LOADING")
  const fail =
    (name: string) =>
    (...args: ReadonlyArray<unknown>) =>
      Effect.suspend(() => {
        calls.push([name, ...args])
        return Effect.fail(failure)
      })
  const driver: CacheDriver = {
    get: fail("get"),
    getMany: fail("getMany"),
    set: fail("set"),
    setMany: fail("setMany"),
    setIfAbsent: fail("setIfAbsent"),
    deleteMany: fail("deleteMany"),
    getAndDelete: fail("getAndDelete"),
    compareAndDelete: fail("compareAndDelete"),
    getAndExpire: fail("getAndExpire"),
    compareAndExpire: fail("compareAndExpire"),
    exists: fail("exists"),
    expire: fail("expire"),
    ttl: fail("ttl"),
    increment: fail("increment"),
    scan: (pattern) => Stream.fromEffect(fail("scan")(pattern)),
    deletePattern: fail("deletePattern"),
    flush: fail("flush")(),
    ping: fail("ping")()
  }
  return { calls, driver }
}

type Untyped = Record<string, (...args: ReadonlyArray<unknown>) => Effect.Effect<unknown, unknown>>

/** The members that are functions. */
export const members = [
  "get",
  "getJson",
  "set",
  "setJson",
  "setIfAbsent",
  "delete",
  "deleteMany",
  "getAndDelete",
  "compareAndDelete",
  "getAndExpire",
  "compareAndExpire",
  "exists",
  "expire",
  "ttl",
  "increment",
  "decrement",
  "getMany",
  "setMany",
  "deletePattern",
  "scan"
]

/** Calls a member with any arguments; a `scan` runs to its end. */
export const call = (
  port: CachePort["Service"],
  member: string,
  args: ReadonlyArray<unknown>
): Effect.Effect<unknown, unknown> => {
  const result = (port as unknown as Untyped)[member]?.(...args)
  return member === "scan"
    ? Stream.runDrain(result as unknown as Stream.Stream<unknown>)
    : (result as Effect.Effect<unknown, unknown>)
}
