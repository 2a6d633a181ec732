export { Breaker, type BreakerOptions, type BreakerState } from "./Breaker.ts"
export { FailOpen } from "./FailOpen.ts"
export * as Telemetry from "./Telemetry.ts"
