/**
 * The part of the port that the other packages of hexcache use, beside its public API. Any release may change it.
 *
 * @internal
 */
export { interceptOperations } from "./Interceptor.ts"
export * as Input from "./internal/Input.ts"
export { invalidInput } from "./internal/InputCheck.ts"
export {
  attach,
  bottomOf,
  finishBeforeClose,
  layered,
  namespaceOf,
  type Observer,
  type Origin,
  observerOf,
  originOf,
  type ReadThroughStats,
  type SyncReader,
  strictOf,
  syncReaderOf
} from "./internal/PortInternals.ts"
export { RateLimitedLog } from "./internal/RateLimitedLog.ts"
export { SwallowedFailures } from "./internal/SwallowedFailures.ts"
