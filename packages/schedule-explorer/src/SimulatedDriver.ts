/**
 * A driver whose operations the simulation carries out, each when the schedule says so.
 */
import { Async, type CacheDriver, type DriverFailure } from "@hexcache/cache-port"
import { Effect, Stream } from "effect"
import type { SimulatedStore } from "./SimulatedStore.ts"

/** An operation as it is sent to the store. */
export interface Operation {
  readonly name: keyof CacheDriver
  readonly keys: ReadonlyArray<string>
  readonly isRead: boolean
  /** Texts that it brings to the store. */
  readonly texts: ReadonlyArray<string>
  readonly run: (store: SimulatedStore) => unknown
}

/** Sends an operation, to be answered at some time. */
export type Send = <A>(operation: Operation) => Effect.Effect<A, DriverFailure>

const read = (name: keyof CacheDriver, keys: ReadonlyArray<string>, run: Operation["run"]): Operation => ({
  name,
  keys,
  isRead: true,
  texts: [],
  run
})

const write = (
  name: keyof CacheDriver,
  keys: ReadonlyArray<string>,
  texts: ReadonlyArray<string>,
  run: Operation["run"]
): Operation => ({ name, keys, isRead: false, texts, run })

/** `near` gives what a near cache has of keys, if it has all of them. */
export const make = (
  send: Send,
  near: ((keys: ReadonlyArray<string>) => ReadonlyArray<string | undefined> | undefined) | undefined
): CacheDriver => ({
  get: (key) => send(read("get", [key], (store) => store.get(key))),
  getMany: (keys) => send(read("getMany", keys, (store) => keys.map((key) => store.get(key)))),
  set: (key, value, ttl) => send(write("set", [key], [value], (store) => store.set(key, value, ttl))),
  setMany: (entries, ttl) =>
    send(
      write(
        "setMany",
        entries.map(([key]) => key),
        entries.map(([, value]) => value),
        (store) => {
          for (const [key, value] of entries) store.set(key, value, ttl)
        }
      )
    ),
  setIfAbsent: (key, value, ttl) =>
    send(write("setIfAbsent", [key], [value], (store) => store.setIfAbsent(key, value, ttl))),
  deleteMany: (keys) => send(write("deleteMany", keys, [], (store) => keys.filter((key) => store.delete(key)).length)),
  getAndDelete: (key) =>
    send(
      write("getAndDelete", [key], [], (store) => {
        const value = store.get(key)
        store.delete(key)
        return value
      })
    ),
  compareAndDelete: (key, expected) =>
    send(write("compareAndDelete", [key], [expected], (store) => store.compareAndDelete(key, expected))),
  getAndExpire: () => Effect.die("no schedule reads and expires"),
  compareAndExpire: () => Effect.die("no schedule compares and expires"),
  exists: (key) => send(read("exists", [key], (store) => store.get(key) !== undefined)),
  expire: (key, ttl) => send(write("expire", [key], [], (store) => store.expire(key, ttl))),
  ttl: (key) => send(read("ttl", [key], (store) => store.ttl(key))),
  increment: (key, amount, ttl) => send(write("increment", [key], [], (store) => store.increment(key, amount, ttl))),
  scan: () => Stream.fromEffect(send(read("scan", [], (store) => store.keys()))),
  deletePattern: () => Effect.die("no schedule deletes by a pattern"),
  flush: Effect.die("no schedule flushes"),
  ping: send(read("ping", [], () => undefined)),
  ...(near === undefined
    ? {}
    : {
        fastPaths: (prefix: string) => ({
          sync: {
            get: (key: string) => {
              const values = near([prefix + key])
              return values === undefined ? Async : values[0]
            },
            getMany: (keys: ReadonlyArray<string>) => near(keys.map((key) => prefix + key)) ?? Async
          }
        })
      })
})
