export * as CacheRedis from "./CacheRedis.ts"
export { ConnectionState } from "./connection/ConnectionState.ts"
export { type RedisState, RedisStatus } from "./topology/RedisStatus.ts"
