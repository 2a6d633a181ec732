/** Processes that share a store: each has a cache of its own on it, and so shares no memory with the others. */
import { CachePort } from "@hexcache/cache-port"
import { MapStore } from "@hexcache/cache-port/test-support/MapStore"
import { Effect } from "effect"
import { Database } from "./Database.ts"

export const setupProcesses = () => {
  const store = new MapStore()
  const db = new Database()
  const process = () => {
    const cache = CachePort.fromDriver(store.driver)
    return <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provideService(effect, CachePort, cache)
  }
  return { store, db, here: process(), there: process() }
}

/** The failure of a full server that evicts nothing: it deletes, and stores nothing. */
export const isFull = ({ operation }: { readonly operation: string }): boolean =>
  operation === "set" || operation === "setMany" || operation === "setIfAbsent"
