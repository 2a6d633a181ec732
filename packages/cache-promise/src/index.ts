export { CacheError, type CacheErrorReason } from "@hexcache/cache-port"
export {
  type CacheDuration,
  CachePromise,
  type Json,
  type OpenOptions,
  type WriteOptions
} from "./CachePromise.ts"
export type { CacheAnswer, CacheFailures, CacheResult } from "./CacheResult.ts"
export type { CallOptions } from "./CallOptions.ts"
