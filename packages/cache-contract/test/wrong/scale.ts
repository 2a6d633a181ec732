/**
 * Wrong caches that are right for as long as there is little of everything.
 */
import { DriverFailure, InvalidArgument } from "@hexcache/cache-port"
import { Effect, Stream } from "effect"
import { brokenBy, type WrongCache } from "./WrongCache.ts"

const characters = 1_048_576

export const scale: ReadonlyArray<WrongCache> = [
  ...brokenBy("setMany, getMany, deleteMany: 130,000 keys at once", {
    "the keys of deleteMany are the arguments of a call": (right) => ({
      deleteMany: (keys) => Effect.suspend(() => right.deleteMany(Array.of(...keys)))
    }),
    "the keys of getMany are the arguments of a call": (right) => ({
      getMany: (keys) => Effect.suspend(() => right.getMany(Array.of(...keys)))
    }),
    "setMany takes 32,767 entries": (right) => ({
      setMany: (entries, ttl) => right.setMany(entries.slice(0, 32_767), ttl)
    }),
    "deleteMany counts to 65,535": (right) => ({
      deleteMany: (keys) => Effect.map(right.deleteMany(keys), (removed) => removed % 65_536)
    })
  }),
  ...brokenBy("scan, deletePattern: 25,000 keys", {
    "scan finds 20,000 keys": (right) => ({
      scan: (pattern) => Stream.map(right.scan(pattern), (page) => page.slice(0, 20_000))
    }),
    "deletePattern removes 20,000 keys": (right) => ({
      deletePattern: (pattern) =>
        Effect.flatMap(Stream.runCollect(right.scan(pattern)), (pages) => {
          const keys = pages.flat().slice(0, 20_000)
          return keys.length === 0 ? Effect.succeed(0) : right.deleteMany(keys)
        })
    })
  }),
  ...brokenBy("every write and read takes a value of 32 MiB", {
    "set cuts at 2 MiB": (right) => ({ set: (key, value, ttl) => right.set(key, value.slice(0, 2 * characters), ttl) }),
    "set refuses more than 8 MiB": (right) => ({
      set: (key, value, ttl) =>
        value.length > 8 * characters
          ? Effect.fail(new DriverFailure(new InvalidArgument({ message: "the value is too large" })))
          : right.set(key, value, ttl)
    }),
    "setMany cuts at 16 MiB": (right) => ({
      setMany: (entries, ttl) =>
        right.setMany(
          entries.map(([key, value]) => [key, value.slice(0, 16 * characters)]),
          ttl
        )
    }),
    "getAndDelete of more than 16 MiB is none": (right) => ({
      getAndDelete: (key) =>
        Effect.map(right.getAndDelete(key), (value) =>
          value !== undefined && value.length > 16 * characters ? undefined : value
        )
    })
  })
]
