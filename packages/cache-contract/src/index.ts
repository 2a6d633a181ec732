export * as CacheContract from "./CacheContract.ts"
