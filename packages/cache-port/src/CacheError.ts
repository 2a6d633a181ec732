/**
 * The one error of the port, and its reasons.
 *
 * Recover from one reason with
 * `Effect.catchReason("CacheError", "Unavailable", (reason) => …)`.
 */
import { Data } from "effect"

/** The members of `CachePort`, and `"layer"` for a layer that refuses its options. */
export type CacheOperation =
  | "get"
  | "getJson"
  | "set"
  | "setJson"
  | "setIfAbsent"
  | "delete"
  | "deleteMany"
  | "getAndDelete"
  | "compareAndDelete"
  | "getAndExpire"
  | "compareAndExpire"
  | "exists"
  | "expire"
  | "ttl"
  | "increment"
  | "decrement"
  | "getMany"
  | "setMany"
  | "deletePattern"
  | "scan"
  | "flush"
  | "ping"
  | "layer"

/** The stable string that logs and alerts match on. */
export type CacheErrorCode = "CACHE_GET_ERROR" | "CACHE_SET_ERROR" | "CACHE_DELETE_ERROR" | "CACHE_CONNECTION_ERROR"

/**
 * The effect of a failed operation on the store: `"NotExecuted"` is none; `"Unknown"` is that of a request that was sent and
 * got no reply, so that it may have happened or happen yet.
 */
export type CacheErrorOutcome = "NotExecuted" | "Unknown"

interface ReasonDetail {
  /** One plain sentence. It holds no value, no password and nothing that a server echoed. */
  readonly message: string
}

/** The store serves nothing now: no ready connection, too many waiting, loading, read-only, busy, or failing over. */
export class Unavailable extends Data.TaggedError("Unavailable")<ReasonDetail> {}

/** The deadline passed. A write that was sent may still happen. */
export class TimedOut extends Data.TaggedError("TimedOut")<ReasonDetail> {}

/** The connection broke after the operation was sent. A write may have happened. */
export class ConnectionLost extends Data.TaggedError("ConnectionLost")<ReasonDetail> {}

/** The store refuses this user, password, certificate or command. */
export class AccessDenied extends Data.TaggedError("AccessDenied")<ReasonDetail> {}

/** The store has no memory left, or no place for another client. */
export class OutOfMemory extends Data.TaggedError("OutOfMemory")<ReasonDetail> {}

/** The key holds no number to count on. */
export class WrongType extends Data.TaggedError("WrongType")<ReasonDetail> {}

/** The counter would leave the safe integers, -(2^53 - 1) to 2^53 - 1. The stored value is unchanged. */
export class OutOfRange extends Data.TaggedError("OutOfRange")<ReasonDetail> {}

/** The caller's key, value, time to live, amount or pattern is out of range. The port sent nothing. */
export class InvalidArgument extends Data.TaggedError("InvalidArgument")<ReasonDetail> {}

/** JSON that does not parse, or a value that cannot be written as JSON. */
export class InvalidValue extends Data.TaggedError("InvalidValue")<ReasonDetail> {}

/** The store cannot do this at all, as its driver declares. */
export class Unsupported extends Data.TaggedError("Unsupported")<ReasonDetail> {}

/** Anything else. `CacheError.serverCode` is the first word of the server's reply, where there was one. */
export class Unknown extends Data.TaggedError("Unknown")<ReasonDetail> {}

/** The reason why an operation failed. */
export type CacheErrorReason =
  | Unavailable
  | TimedOut
  | ConnectionLost
  | AccessDenied
  | OutOfMemory
  | WrongType
  | OutOfRange
  | InvalidArgument
  | InvalidValue
  | Unsupported
  | Unknown

/** The fields that make a `CacheError`; the others follow from these. */
export interface CacheErrorInput {
  readonly operation: CacheOperation
  readonly reason: CacheErrorReason
  readonly key?: string | undefined
  readonly keys?: ReadonlyArray<string> | undefined
  readonly outcome?: CacheErrorOutcome | undefined
  readonly serverCode?: string | undefined
}

/** The operation and its keys, as the caller named them. With a `reason` it makes the `CacheError` of this operation. */
export type CacheRequest = Pick<CacheErrorInput, "operation" | "key" | "keys">

interface CacheErrorFields extends ReasonDetail {
  readonly operation: CacheOperation
  readonly reason: CacheErrorReason
  readonly key?: string
  readonly keys?: ReadonlyArray<string>
  readonly outcome: CacheErrorOutcome
  readonly serverCode?: string
  readonly code: CacheErrorCode
  readonly isRetryable: boolean
}

/**
 * The failure of every operation of `CachePort`.
 *
 * - `operation`: the member that failed.
 * - `key` or `keys`: the caller's, without namespace; absent where the key itself is invalid.
 * - `reason`: a tagged union.
 * - `outcome`: `"Unknown"` if the operation may have changed the store.
 * - `isRetryable`: true if the reason may pass and a repetition cannot do the work twice.
 * - `serverCode`: the first word of the server's reply, where there was one.
 * - `code`: the stable string for logs.
 *
 * Nothing in it holds a value, a password, or a reply that echoes its arguments, and it has no `cause`.
 */
export class CacheError extends Data.TaggedError("CacheError")<CacheErrorFields> {
  constructor(input: CacheErrorInput) {
    const { key, keys, operation, reason, serverCode } = input
    const outcome = input.outcome ?? "NotExecuted"
    super({
      message: describe(input),
      operation,
      reason,
      outcome,
      code: codeOf(operation, reason),
      isRetryable: isRetryable(operation, reason, outcome),
      ...(key === undefined ? undefined : { key }),
      ...(keys === undefined ? undefined : { keys }),
      ...(serverCode === undefined ? undefined : { serverCode })
    })
  }
}

const codes: ReadonlyArray<readonly [code: CacheErrorCode, operations: ReadonlyArray<CacheOperation>]> = [
  ["CACHE_GET_ERROR", ["get", "getJson", "getMany", "exists", "ttl", "scan"]],
  ["CACHE_SET_ERROR", ["set", "setJson", "setIfAbsent", "setMany", "increment", "decrement"]],
  ["CACHE_SET_ERROR", ["expire", "getAndExpire", "compareAndExpire"]],
  ["CACHE_DELETE_ERROR", ["delete", "deleteMany", "getAndDelete", "compareAndDelete", "deletePattern", "flush"]]
]

/** Reasons that may pass. */
const passing = new Set<CacheErrorReason["_tag"]>(["Unavailable", "TimedOut", "ConnectionLost"])

/** Operations that do harm, or return something wrong, when they run a second time. */
const onceOnly = new Set<CacheOperation>(["setIfAbsent", "getAndDelete", "compareAndDelete", "increment", "decrement"])

const codeOf = (operation: CacheOperation, { _tag }: CacheErrorReason): CacheErrorCode => {
  const isOfConnection = passing.has(_tag) || _tag === "AccessDenied"
  const found = isOfConnection ? undefined : codes.find(([, operations]) => operations.includes(operation))
  return found?.[0] ?? "CACHE_CONNECTION_ERROR"
}

const isRetryable = (operation: CacheOperation, { _tag }: CacheErrorReason, outcome: CacheErrorOutcome): boolean =>
  passing.has(_tag) && (outcome === "NotExecuted" || !onceOnly.has(operation))

const longestKeyInMessage = 100

const describe = ({ key, keys, operation, reason }: CacheErrorInput): string => {
  const subject =
    key !== undefined
      ? ` ${JSON.stringify(key.length > longestKeyInMessage ? `${key.slice(0, longestKeyInMessage)}…` : key)}`
      : keys !== undefined
        ? ` of ${keys.length} ${keys.length === 1 ? "key" : "keys"}`
        : ""
  return `${operation}${subject} failed: ${reason.message} (${reason._tag})`
}
