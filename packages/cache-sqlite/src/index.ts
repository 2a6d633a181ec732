export * as CacheSqlite from "./CacheSqlite.ts"
