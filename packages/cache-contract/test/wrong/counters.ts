/**
 * Wrong caches that break a law of counters.
 */
import { DriverFailure, OutOfRange, WrongType } from "@hexcache/cache-port"
import { Effect } from "effect"
import { type WrongCache, wrongDriver, wrongPort } from "./WrongCache.ts"

export const counters: ReadonlyArray<WrongCache> = [
  wrongDriver("counters", "increment loses the time to live", (right, { entries, step }) => ({
    increment: (key, amount, ttl) =>
      Effect.tap(right.increment(key, amount, ttl), (sum) =>
        step(() => {
          if (sum !== amount) entries.set(key, { value: String(sum), expiresAt: Infinity })
        })
      )
  })),
  wrongDriver("counters", "increment sets the time to live of an existing key", (right) => ({
    increment: (key, amount, ttl) =>
      Effect.tap(right.increment(key, amount, ttl), () => (ttl === undefined ? Effect.void : right.expire(key, ttl)))
  })),
  wrongDriver("counters", "increment reads numbers as JavaScript does", (right) => ({
    increment: (key, amount, ttl) =>
      Effect.flatMap(right.get(key), (text) => {
        const number = Number(text ?? "0")
        if (!Number.isInteger(number)) return Effect.fail(new DriverFailure(new WrongType({ message: "no integer" })))
        return Effect.as(right.set(key, String(number + amount), ttl), number + amount)
      })
  })),
  wrongDriver("counters", "a result out of range is rounded", (right) => ({
    increment: (key, amount, ttl) =>
      Effect.catch(right.increment(key, amount, ttl), (failure) =>
        failure.reason._tag === "OutOfRange" ? Effect.succeed(Number.MAX_SAFE_INTEGER) : Effect.fail(failure)
      )
  })),
  wrongDriver("counters", "a result out of range is refused, and stored", (right) => ({
    increment: (key, amount, ttl) =>
      Effect.catch(right.increment(key, amount, ttl), (failure) =>
        Effect.andThen(
          failure.reason instanceof OutOfRange ? right.set(key, "9223372036854775807", ttl) : Effect.void,
          Effect.fail(failure)
        )
      )
  })),
  wrongPort("counters", "decrement adds", (right) => ({ decrement: right.increment }))
]
