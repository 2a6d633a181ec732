/**
 * Attributes of failures, with few distinct values: names of errors, never their messages, which may hold a key.
 *
 * @internal
 */
import type { CacheError } from "@hexcache/cache-port"
import { Cause, Predicate } from "effect"

export type Attributes = Readonly<Record<string, string>>

/** A failure as spans and series show it. */
export interface ErrorAttributes {
  readonly attributes: Attributes
  /** The cause that the span shows. */
  readonly spanCause: () => Cause.Cause<unknown>
}

/** Names the failure of an operation by its reason. */
export const ofOperation = (cause: Cause.Cause<CacheError>): ErrorAttributes => {
  const [first] = cause.reasons
  if (first?._tag !== "Fail") return ofLookup(cause)
  const { reason, serverCode } = first.error
  return {
    attributes: {
      "error.type": reason._tag,
      ...(serverCode === undefined ? undefined : { "db.response.status_code": serverCode })
    },
    spanCause: () => Cause.fail(reason)
  }
}

/** Names the failure of a lookup by the tag or the name of its error. */
export const ofLookup = (cause: Cause.Cause<unknown>): ErrorAttributes => {
  if (Cause.hasInterruptsOnly(cause)) return { attributes: { "error.type": "Interrupted" }, spanCause: () => cause }
  const [first] = cause.reasons
  const type = first?._tag === "Fail" ? nameOf(first.error) : other
  return {
    attributes: { "error.type": type },
    spanCause: () => Cause.fail(Object.assign(new Error("its message is not shown"), { name: type }))
  }
}

const nameOf = (error: unknown): string => {
  if (Predicate.hasProperty(error, "_tag") && typeof error._tag === "string") return error._tag
  return error instanceof Error ? error.name : other
}

/** The convention's name for an error without a name. */
const other = "_OTHER"
