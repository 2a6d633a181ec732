/**
 * Laws that are left out, as they need a feature that the store lacks.
 */
import {
  CacheError,
  type CacheOperation,
  type MissingFeatures,
  type StoreFeature,
  type Unsupported
} from "@hexcache/cache-port"
import { type Cause, Data, Effect } from "effect"

/** The failure of a law that needs a feature which the driver declares as missing. */
export class LeftOut extends Data.TaggedError("LeftOut")<{ readonly feature: StoreFeature; readonly why: string }> {}

/** A law that was left out, and why. */
export interface LeftOutLaw extends Pick<LeftOut, "feature" | "why"> {
  readonly chapter: string
  readonly law: string
}

/** The features that an operation needs, a count by more than zero. */
const featuresOf: { readonly [Operation in CacheOperation]?: ReadonlyArray<StoreFeature> } = {
  scan: ["enumeration"],
  deletePattern: ["enumeration"],
  flush: ["enumeration"],
  ttl: ["ttl"],
  expire: ["expire"],
  setIfAbsent: ["setIfAbsent"],
  getAndDelete: ["getAndDelete"],
  compareAndDelete: ["compareAndDelete"],
  getAndExpire: ["getAndExpire"],
  compareAndExpire: ["compareAndExpire"],
  increment: ["increment"],
  decrement: ["increment", "negativeAmounts"]
}

/** The first feature of an operation that a store lacks. */
export const missingFor = (operation: CacheOperation, missing: MissingFeatures): StoreFeature | undefined =>
  featuresOf[operation]?.find((feature) => missing[feature] !== undefined)

/** Ends a law that needs a feature, if the store lacks it. */
export const needs = (missing: MissingFeatures, feature: StoreFeature): Effect.Effect<void, LeftOut> => {
  const why = missing[feature]
  return why === undefined ? Effect.void : Effect.fail(new LeftOut({ feature, why }))
}

/** True for the failure of an operation that the store lacks. */
export const isUnsupported = (error: unknown): error is CacheError & { readonly reason: Unsupported } =>
  error instanceof CacheError && error.reason._tag === "Unsupported"

/** Fails with `LeftOut` where a law fails because of an operation that the driver declares as missing. */
export const leavingOut = <A, R>(
  check: Effect.Effect<A, unknown, R>,
  missing: MissingFeatures
): Effect.Effect<A, unknown, R> =>
  Effect.catchCause(check, (cause) => {
    const error = thrownBy(cause).find(isUnsupported)
    // An increment by less than zero is a decrement.
    const operation = error?.operation === "increment" ? "decrement" : error?.operation
    const feature = operation && missingFor(operation, missing)
    return feature === undefined ? Effect.failCause(cause) : needs(missing, feature)
  }) as Effect.Effect<A, unknown, R>

const thrownBy = (cause: Cause.Cause<unknown>): ReadonlyArray<unknown> =>
  cause.reasons.flatMap((reason) =>
    reason._tag === "Fail" ? [reason.error] : reason._tag === "Die" ? [reason.defect] : []
  )

/** The laws that were left out, as a reader of the tests wants them: by the feature that they need. */
export const describeLeftOut = (name: string, laws: ReadonlyArray<LeftOutLaw>): string => {
  const features = Array.from(new Set(laws.map(({ feature }) => feature)))
  return [
    `${name}: ${laws.length} ${laws.length === 1 ? "law" : "laws"} left out, for what the store lacks`,
    ...features.flatMap((feature) => {
      const concerned = laws.filter((each) => each.feature === feature)
      return [`  ${feature}: ${concerned[0]?.why}`, ...concerned.map(({ chapter, law }) => `    ${chapter}: ${law}`)]
    })
  ].join("\n")
}
