/**
 * Calls and lookups under way, as the laws see them.
 */
import type { Call } from "./Scenario.ts"

/** True for a call that invalidates, expires, or sets. */
export const isChange = ({ kind }: Call): boolean =>
  kind === "set" || kind === "expire" || kind.startsWith("invalidate")

/** A call under way. */
export interface OpenCall {
  readonly call: Call
  readonly process: number
  /** The `Cached` that it uses. */
  readonly view: number
  readonly began: number
  /** Versions that it must not see. */
  own: number
  refreshed: number
  other: number
  /** Versions that it may see though another process has outdated them, where it cannot tell. */
  readonly joinable: number
  /** Versions that it must not see though a lookup fails. */
  readonly forgotten: number
  /** Versions that are not current any more when it is over, if it invalidates. */
  readonly outdates: number
  /** Versions that it sets. */
  readonly sets: number
  /** True once the store has carried out a write of its value. */
  isWriting: boolean
  /** True once it, or what it waits for, has asked the store since it began. */
  isAsking: boolean
  /** True if an operation of its process failed meanwhile. */
  isFaulty: boolean
  /** True if the store has gone back meanwhile, and may have lost what it did. */
  isUndone: boolean
}

/** A lookup under way. */
export interface OpenLookup {
  readonly process: number
  readonly on: string
  readonly keys: ReadonlyArray<string>
  readonly versions: ReadonlyArray<number>
  readonly began: number
  /** True for one that a refresh began: others may begin beside it. */
  readonly isRefresh: boolean
}
