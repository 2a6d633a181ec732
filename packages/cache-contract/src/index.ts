export * as CacheContract from "./CacheContract.ts"
export { Chaos, type ChaosCounts, type ChaosOptions, type Fate } from "./Chaos.ts"
