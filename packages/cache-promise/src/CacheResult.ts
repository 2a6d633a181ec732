/** Failures as rejections or as results. */
import type { CacheError } from "@hexcache/cache-port"

/**
 * The way that an operation fails: its promise rejects with the `CacheError`, or resolves to a `CacheResult` with it.
 */
export type CacheFailures = "throw" | "result"

/** An answer, or why there is none. */
export type CacheResult<A> =
  | { readonly ok: true; readonly value: A }
  | { readonly ok: false; readonly error: CacheError }

/** The type that an operation resolves to, by the way that it fails. */
export type CacheAnswer<A, Failures extends CacheFailures> = Failures extends "result" ? CacheResult<A> : A
