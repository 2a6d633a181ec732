/**
 * How failures are told.
 */
import type { CacheError } from "@hexcache/cache-port"

/** What becomes of a failed operation: its promise rejects with the `CacheError`, or resolves to a `CacheResult` with it. */
export type CacheFailures = "throw" | "result"

/** An answer, or why there is none. */
export type CacheResult<A> =
  | { readonly ok: true; readonly value: A }
  | { readonly ok: false; readonly error: CacheError }

/** What an operation resolves to, by how failures are told. */
export type CacheAnswer<A, Failures extends CacheFailures> = Failures extends "result" ? CacheResult<A> : A
