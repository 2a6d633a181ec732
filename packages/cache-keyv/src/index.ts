export { CacheKeyv, type CacheKeyvEntry } from "./CacheKeyv.ts"
