/**
 * Failures in words of which there are few: names of errors, and never their messages, in which a key may be.
 *
 * @internal
 */

import type { CacheError } from "@hexcache/cache-port"
import { Cause, Predicate } from "effect"
import type { Failure } from "./Work.ts"

/** Of an operation of the cache: named by its reason. */
export const ofOperation = (cause: Cause.Cause<CacheError>): Failure => {
  const [first] = cause.reasons
  if (first?._tag !== "Fail") return ofLookup(cause)
  const { reason, serverCode } = first.error
  return {
    attributes: {
      "error.type": reason._tag,
      ...(serverCode === undefined ? undefined : { "db.response.status_code": serverCode })
    },
    shown: () => Cause.fail(reason)
  }
}

/** Of a lookup: named by the tag or the name of its error. */
export const ofLookup = (cause: Cause.Cause<unknown>): Failure => {
  if (Cause.hasInterruptsOnly(cause)) return { attributes: { "error.type": "Interrupted" }, shown: () => cause }
  const [first] = cause.reasons
  const type = first?._tag === "Fail" ? nameOf(first.error) : other
  return {
    attributes: { "error.type": type },
    shown: () => Cause.fail(Object.assign(new Error("its message is not shown"), { name: type }))
  }
}

const nameOf = (error: unknown): string => {
  if (Predicate.hasProperty(error, "_tag") && typeof error._tag === "string") return error._tag
  return error instanceof Error ? error.name : other
}

/** The convention's name for what has none. */
const other = "_OTHER"
