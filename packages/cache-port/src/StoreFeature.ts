/**
 * Features that a store may lack.
 */

/**
 * A feature that a store may lack; every other operation is one that it must have.
 *
 * - `"enumeration"`: `scan`, `deletePattern`, and `flush` of a namespace.
 * - `"ttl"`, `"expire"`, `"setIfAbsent"`, `"getAndDelete"`, `"compareAndDelete"`, `"getAndExpire"`,
 *   `"compareAndExpire"`: the operation of this name.
 * - `"increment"`: `increment` and `decrement`.
 * - `"negativeAmounts"`: an `increment` by less than zero, and a `decrement` by more. The driver's `increment` fails with
 *   `Unsupported` there.
 * - `"atomicBatches"`: `setMany` and `getMany` as one step. Without it they work, in parts.
 */
export type StoreFeature =
  | "enumeration"
  | "ttl"
  | "expire"
  | "setIfAbsent"
  | "getAndDelete"
  | "compareAndDelete"
  | "getAndExpire"
  | "compareAndExpire"
  | "increment"
  | "negativeAmounts"
  | "atomicBatches"

/** The features that a store lacks, each with a plain phrase that says why. */
export type MissingFeatures = { readonly [Feature in StoreFeature]?: string }
