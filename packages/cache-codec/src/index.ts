export * as Codec from "./Codec.ts"
