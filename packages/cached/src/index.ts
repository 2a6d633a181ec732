export * as Cached from "./Cached.ts"
