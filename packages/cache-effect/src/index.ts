export * as CacheKeyValueStore from "./CacheKeyValueStore.ts"
export * as CachePersistence from "./CachePersistence.ts"
