export * as CacheMemory from "./CacheMemory.ts"
