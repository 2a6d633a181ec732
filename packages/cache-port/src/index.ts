export type { CacheDriver } from "./CacheDriver.ts"
export * from "./CacheError.ts"
export * as CacheKey from "./CacheKey.ts"
export type { CacheOperations, SetOptions } from "./CacheOperations.ts"
export { CachePort } from "./CachePort.ts"
export * as CacheStats from "./CacheStats.ts"
export type { Codec } from "./Codec.ts"
export * as Counter from "./Counter.ts"
export { DriverFailure } from "./DriverFailure.ts"
export {
  Async,
  type CallbackOperations,
  type Caller,
  type Cancel,
  type DriverCallback,
  type DriverResult,
  type FastPaths,
  type SyncOperations
} from "./FastPaths.ts"
export * as Glob from "./Glob.ts"
export { type Interceptor, intercept } from "./Interceptor.ts"
export type { FromDriverOptions } from "./internal/fromDriver.ts"
export type { ReadyOptions } from "./internal/ready.ts"
export { utf8Length } from "./internal/Utf8.ts"
export { type Missing, unsupported } from "./MissingOperations.ts"
export type { MissingFeatures, StoreFeature } from "./StoreFeature.ts"
export { TimeToLive } from "./TimeToLive.ts"
