export { CacheError, type CacheErrorReason } from "@hexcache/cache-port"
export type { CacheDuration } from "./CacheDuration.ts"
export type {
  CachedAnswer,
  CachedKey,
  CachedKeyOption,
  CachedOptions,
  CachedPromise,
  CachedSettings,
  CachedStats,
  KeyOf,
  LookupContext,
  LookupMany,
  LookupManyContext,
  ManyLookup,
  SingleLookup
} from "./CachedPromise.ts"
export type { CacheLogger, LogLine } from "./CacheLogger.ts"
export {
  CachePromise,
  type Json,
  type OpenOptions,
  type WriteOptions
} from "./CachePromise.ts"
export type { CacheAnswer, CacheFailures, CacheResult } from "./CacheResult.ts"
export type { CacheStatus, ConnectionStatus, StatusService } from "./CacheStatus.ts"
export type { CallOptions } from "./CallOptions.ts"
export type { JsonOptions } from "./JsonOptions.ts"
export type { PrometheusRegistry } from "./Metrics.ts"
export type { BreakerOptions, LayerOptions, TelemetryOptions } from "./OpenedLayers.ts"
export type { OpenTelemetryApi, OpenTelemetrySpan } from "./OpenTelemetry.ts"
export type { WrapOptions, Wrapped } from "./Wrapped.ts"
