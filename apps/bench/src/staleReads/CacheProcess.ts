/**
 * A process that uses a cache: the port that an adapter of each library implements.
 */
import type { SimulatedStore } from "@hexcache/schedule-explorer"

/** The uses of a library that are explored, each as its documentation shows it. */
export interface CacheProcess {
  /** Reads a key, or looks it up and keeps it. */
  readonly get: (key: string) => Promise<string | undefined>
  readonly delete: (key: string) => Promise<unknown>
  /** Keeps a value that is known to be current. */
  readonly set: (key: string, value: string) => Promise<unknown>
  /** Undefined for a library without tags. */
  readonly deleteTag?: (tag: string) => Promise<unknown>
}

/** All that a process reaches outside itself. Nothing in it is answered before the schedule says so. */
export interface Surroundings {
  /** Sends an operation to the shared store, on the one connection of the process. */
  readonly send: <A>(name: string, key: string, run: (store: SimulatedStore) => A) => Promise<A>
  /** Sends a message to every other process that subscribes. */
  readonly publish: (name: string, message: unknown) => Promise<void>
  readonly subscribe: (receive: (message: unknown) => unknown) => void
  /** Looks a key up in the source of truth. */
  readonly lookUp: (key: string) => Promise<string>
}

/** Starts a process. With `tags`, it gives them to each value that it keeps. */
export type Open = (surroundings: Surroundings, tags: ReadonlyArray<string>) => CacheProcess

/** How long every value is kept, in milliseconds. */
export const ttl = 60_000
