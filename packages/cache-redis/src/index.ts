export * as CacheRedis from "./CacheRedis.ts"
export { ConnectionState } from "./ConnectionState.ts"
export { type RedisState, RedisStatus } from "./RedisStatus.ts"
