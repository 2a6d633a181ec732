export * as CacheRedis from "./CacheRedis.ts"
