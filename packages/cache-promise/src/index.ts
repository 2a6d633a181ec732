export { CacheError, type CacheErrorReason } from "@hexcache/cache-port"
export {
  type CacheDuration,
  CachePromise,
  type CallOptions,
  type Json,
  type OpenOptions,
  type WriteOptions
} from "./CachePromise.ts"
export type { CacheAnswer, CacheFailures, CacheResult } from "./CacheResult.ts"
