import {
  AccessDenied,
  CacheError,
  type CacheErrorReason,
  type CacheOperation,
  ConnectionLost,
  InvalidArgument,
  InvalidValue,
  OutOfMemory,
  OutOfRange,
  TimedOut,
  Unavailable,
  Unknown,
  WrongType
} from "@hexcache/cache-port"
import { Effect, Result } from "effect"
import { assert, describe, it } from "vitest"

const reasons: ReadonlyArray<CacheErrorReason> = [
  new Unavailable({ message: "why" }),
  new TimedOut({ message: "why" }),
  new ConnectionLost({ message: "why" }),
  new AccessDenied({ message: "why" }),
  new OutOfMemory({ message: "why" }),
  new WrongType({ message: "why" }),
  new OutOfRange({ message: "why" }),
  new InvalidArgument({ message: "why" }),
  new InvalidValue({ message: "why" }),
  new Unknown({ message: "why" })
]

const connection = ["Unavailable", "TimedOut", "ConnectionLost", "AccessDenied"]

const codes: ReadonlyArray<readonly [CacheOperation, string]> = [
  ["get", "CACHE_GET_ERROR"],
  ["getJson", "CACHE_GET_ERROR"],
  ["getMany", "CACHE_GET_ERROR"],
  ["exists", "CACHE_GET_ERROR"],
  ["ttl", "CACHE_GET_ERROR"],
  ["scan", "CACHE_GET_ERROR"],
  ["set", "CACHE_SET_ERROR"],
  ["setJson", "CACHE_SET_ERROR"],
  ["setIfAbsent", "CACHE_SET_ERROR"],
  ["setMany", "CACHE_SET_ERROR"],
  ["expire", "CACHE_SET_ERROR"],
  ["getAndExpire", "CACHE_SET_ERROR"],
  ["compareAndExpire", "CACHE_SET_ERROR"],
  ["increment", "CACHE_SET_ERROR"],
  ["decrement", "CACHE_SET_ERROR"],
  ["delete", "CACHE_DELETE_ERROR"],
  ["deleteMany", "CACHE_DELETE_ERROR"],
  ["getAndDelete", "CACHE_DELETE_ERROR"],
  ["compareAndDelete", "CACHE_DELETE_ERROR"],
  ["deletePattern", "CACHE_DELETE_ERROR"],
  ["flush", "CACHE_DELETE_ERROR"],
  ["ping", "CACHE_CONNECTION_ERROR"]
]

describe("CacheError", () => {
  it("An error has the code of its operation, or of the connection", () => {
    for (const [operation, code] of codes) {
      for (const reason of reasons) {
        const expected = connection.includes(reason._tag) ? "CACHE_CONNECTION_ERROR" : code
        assert.strictEqual(new CacheError({ operation, reason }).code, expected, `${operation} ${reason._tag}`)
      }
    }
  })

  it("An error is retryable if the reason may pass and a repetition cannot do the work twice", () => {
    const passing = ["Unavailable", "TimedOut", "ConnectionLost"]
    const onceOnly = ["setIfAbsent", "getAndDelete", "compareAndDelete", "increment", "decrement"]
    for (const [operation] of codes) {
      for (const reason of reasons) {
        for (const outcome of ["NotExecuted", "Unknown"] as const) {
          const harmless = outcome === "NotExecuted" || !onceOnly.includes(operation)
          assert.strictEqual(
            new CacheError({ operation, reason, outcome }).isRetryable,
            passing.includes(reason._tag) && harmless,
            `${operation} ${reason._tag} ${outcome}`
          )
        }
      }
    }
  })

  it("The outcome of an error is NotExecuted by default", () => {
    assert.strictEqual(
      new CacheError({ operation: "get", reason: new Unknown({ message: "" }) }).outcome,
      "NotExecuted"
    )
  })

  it("Effect.catchReason recovers from one reason of an error", async () => {
    const failing = Effect.fail(
      new CacheError({ operation: "get", key: "a", reason: new Unavailable({ message: "no connection is ready" }) })
    )
    const caught = Effect.catchReason(failing, "CacheError", "Unavailable", (reason) => Effect.succeed(reason.message))
    assert.strictEqual(await Effect.runPromise(caught), "no connection is ready")
    const other = Effect.catchReason(failing, "CacheError", "TimedOut", () => Effect.succeed("not this one"))
    assert.isTrue(Result.isFailure(await Effect.runPromise(Effect.result(other))))
    const unwrapped = failing.pipe(
      Effect.unwrapReason("CacheError"),
      Effect.catchTag("Unavailable", () => Effect.succeed(1))
    )
    assert.strictEqual(await Effect.runPromise(unwrapped), 1)
  })

  it("The message of an error has the operation, the key and the reason, and cuts a long key", () => {
    const reason = new TimedOut({ message: "no answer within 250 ms" })
    assert.strictEqual(
      new CacheError({ operation: "get", key: "user:1", reason }).message,
      'get "user:1" failed: no answer within 250 ms (TimedOut)'
    )
    assert.strictEqual(
      new CacheError({ operation: "deleteMany", keys: ["a", "b"], reason }).message,
      "deleteMany of 2 keys failed: no answer within 250 ms (TimedOut)"
    )
    assert.isBelow(new CacheError({ operation: "get", key: "k".repeat(60_000), reason }).message.length, 200)
    assert.notInclude(new CacheError({ operation: "get", key: "a\n\u001b[31m", reason }).message, "\u001b")
  })
})
