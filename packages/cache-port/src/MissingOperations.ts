/**
 * The operations of a driver whose store cannot do them.
 */
import { Effect, Stream } from "effect"
import type { CacheDriver } from "./CacheDriver.ts"
import { Unsupported } from "./CacheError.ts"
import { DriverFailure } from "./DriverFailure.ts"
import type { MissingFeatures, StoreFeature } from "./StoreFeature.ts"

/** The operations that are missing without each feature. */
const operationsOf = {
  enumeration: ["scan", "deletePattern"],
  ttl: ["ttl"],
  expire: ["expire"],
  setIfAbsent: ["setIfAbsent"],
  getAndDelete: ["getAndDelete"],
  compareAndDelete: ["compareAndDelete"],
  getAndExpire: ["getAndExpire"],
  compareAndExpire: ["compareAndExpire"],
  increment: ["increment"],
  negativeAmounts: [],
  atomicBatches: []
} as const satisfies Record<StoreFeature, ReadonlyArray<keyof CacheDriver>>

/** The declaration of what a store lacks, and the operations of a driver that are missing for it. */
export type Missing<Features extends StoreFeature> = Pick<CacheDriver, (typeof operationsOf)[Features][number]> & {
  readonly unsupported: MissingFeatures
}

/**
 * Declares what the store of a driver lacks, and why. Returns the declaration and the operations that are missing, which
 * fail with `Unsupported`: a driver spreads it among its own operations.
 *
 * @example
 * ```ts
 * const missing = unsupported({ ttl: "the store returns no time to live" })
 * Object.keys(missing) // => ["ttl", "unsupported"]
 * ```
 */
export const unsupported = <Features extends StoreFeature>(
  reasons: Readonly<Record<Features, string>>
): Missing<Features> => {
  const operations: Record<string, unknown> = {}
  for (const [feature, message] of Object.entries<string>(reasons)) {
    const failure = new DriverFailure(new Unsupported({ message }))
    for (const operation of operationsOf[feature as Features]) {
      operations[operation] = operation === "scan" ? () => Stream.fail(failure) : () => Effect.fail(failure)
    }
  }
  return { ...operations, unsupported: reasons } as unknown as Missing<Features>
}
