/**
 * Wrong caches that tell values.
 */
import { DriverFailure, OutOfRange, Unknown, WrongType } from "@hexcache/cache-port"
import { Console, Effect } from "effect"
import { brokenBy, type WrongCache } from "./WrongCache.ts"

export const secrets: ReadonlyArray<WrongCache> = [
  ...brokenBy("no failure, log line, span or line of the console holds a value", {
    "a refused increment quotes the stored text": (right) => ({
      increment: (key, amount, ttl) =>
        Effect.catch(right.increment(key, amount, ttl), (failure) =>
          Effect.flatMap(right.get(key), (text) =>
            Effect.fail(
              failure.reason._tag === "WrongType"
                ? new DriverFailure(new WrongType({ message: `${text} is not an integer` }))
                : failure
            )
          )
        )
    }),
    "an increment out of range quotes the stored number": (right) => ({
      increment: (key, amount, ttl) =>
        Effect.catch(right.increment(key, amount, ttl), (failure) =>
          Effect.flatMap(right.get(key), (text) =>
            Effect.fail(
              failure.reason._tag === "OutOfRange"
                ? new DriverFailure(new OutOfRange({ message: `${text} + ${amount} is out of range` }))
                : failure
            )
          )
        )
    }),
    "a failure has the client's own error as its cause": (right) => ({
      compareAndDelete: (key, expected) =>
        Effect.flatMap(right.get(key), (text) =>
          text === expected
            ? right.compareAndDelete(key, expected)
            : Effect.fail(
                new DriverFailure(
                  new Unknown({ message: "the store failed", cause: { command: ["CAD", key, expected] } } as never)
                )
              )
        )
    }),
    "a log line holds the value": (right) => ({
      set: (key, value, ttl) => Effect.andThen(Effect.logDebug(`set ${key}`, value), right.set(key, value, ttl))
    }),
    "an annotation of a log line holds the value": (right) => ({
      set: (key, value, ttl) =>
        Effect.andThen(Effect.annotateLogs(Effect.logInfo("set"), { value }), right.set(key, value, ttl))
    }),
    "a span holds the value": (right) => ({
      set: (key, value, ttl) => Effect.withSpan(right.set(key, value, ttl), "set", { attributes: { key, value } })
    }),
    "the name of a span holds the value": (right) => ({
      setMany: (entries, ttl) => Effect.withSpan(right.setMany(entries, ttl), `setMany ${JSON.stringify(entries)}`)
    }),
    "the console holds the value": (right) => ({
      get: (key) => Effect.tap(right.get(key), (value) => Effect.sync(() => globalThis.console.debug(key, { value })))
    }),
    "Effect's console holds the value": (right) => ({
      get: (key) => Effect.tap(right.get(key), (value) => Console.log(key, [value]))
    })
  })
]
