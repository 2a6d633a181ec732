/**
 * What the packages of hexcache that stand on the port share with it. Not for programs: any release may change it.
 *
 * @internal
 */
export { interceptOperations } from "./Interceptor.ts"
export type { SyncReader } from "./internal/Asking.ts"
export { checked, refused } from "./internal/Checked.ts"
export { finishBeforeClose } from "./internal/Closing.ts"
export { failingOpen, strictOf } from "./internal/FailingOpen.ts"
export * as Input from "./internal/Input.ts"
export { layered, layerOf } from "./internal/Layered.ts"
export { namespaceOf } from "./internal/Namespace.ts"
export { type Observer, observed, observerOf, type ReadThroughStats } from "./internal/Observer.ts"
export { PerNamespace } from "./internal/Origin.ts"
export { syncReaderOf } from "./internal/Port.ts"
export { RateLimitedLog } from "./internal/RateLimitedLog.ts"
export { SwallowedFailures } from "./internal/SwallowedFailures.ts"
