/**
 * Laws and chapters as data, so that a test runner registers them and the contract's own tests run them too.
 */
import { CacheError, type CacheErrorReason } from "@hexcache/cache-port"
import { Effect, type Scope } from "effect"
import { assert } from "vitest"
import { describeError } from "./describeError.ts"
import type { Harness, LawContext } from "./Harness.ts"
import { isUnsupported } from "./LeftOut.ts"

/** One law of the port, and a check that a cache keeps it. */
export interface Law {
  /** The law, in the words that the port has for it. */
  readonly name: string
  /** Fails, or throws, when the law is broken. */
  readonly check: (context: LawContext) => Effect.Effect<void, unknown, Scope.Scope>
  /** True if the law applies to such a store. */
  readonly applies: (harness: Harness) => boolean
}

/** Laws of one subject. */
export interface Chapter {
  readonly name: string
  readonly laws: ReadonlyArray<Law>
  /** True if its laws are checked one after another where time is real, as each takes all that a store has. */
  readonly isSequential?: boolean | undefined
}

/** A law whose check is written as a generator. */
export const law = (
  name: string,
  check: (context: LawContext) => Generator<Effect.Effect<unknown, unknown, Scope.Scope>, void, never>,
  applies: (harness: Harness) => boolean = () => true
): Law => ({ name, check: Effect.fnUntraced(check), applies })

/** The operation fails with a `CacheError` of this reason, and not with a defect; returns the error. */
export const failsWith = (
  reason: CacheErrorReason["_tag"],
  operation: Effect.Effect<unknown, unknown>,
  what = "the operation"
): Effect.Effect<CacheError, CacheError> =>
  Effect.flatMap(Effect.exit(operation), (exit) => {
    assert(exit._tag === "Failure", `${what} succeeds, and should fail with ${reason}`)
    const [first] = exit.cause.reasons
    assert(first?._tag === "Fail", `${what} does not fail but is a ${first?._tag}`)
    assert(first.error instanceof CacheError, `${what} fails with something else than a CacheError`)
    // The law may have to be left out.
    if (reason !== "Unsupported" && isUnsupported(first.error)) return Effect.fail(first.error)
    const message = `${what} should fail with ${reason}, and fails with ${describeError(first.error)}`
    assert.strictEqual(first.error.reason._tag, reason, message)
    return Effect.succeed(first.error)
  })
