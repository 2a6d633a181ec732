export * as CacheExample from "./CacheExample.ts"
