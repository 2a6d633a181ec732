import { createCache } from "cache-manager"
import { CacheableMemory } from "cacheable"
import { Keyv } from "keyv"
import { type CacheProcess, type Open, type Surroundings, ttl } from "../../src/staleReads/CacheProcess.ts"
import { keyvStore } from "./keyvStore.ts"

/** The shared store only. */
export const open: Open = (surroundings) => cacheProcess([new Keyv({ store: keyvStore(surroundings) })], surroundings)

/** Memory in front of the shared store. Nothing tells the one when the other changes. */
export const openInTwoLevels: Open = (surroundings) =>
  cacheProcess(
    [
      new Keyv({ store: new CacheableMemory({ ttl: 60_000, lruSize: 5_000 }) }),
      new Keyv({ store: keyvStore(surroundings) })
    ],
    surroundings
  )

const cacheProcess = (stores: Array<Keyv>, { lookUp }: Surroundings): CacheProcess => {
  const cache = createCache({ stores })
  return {
    get: (key) => cache.wrap(key, () => lookUp(key), ttl),
    delete: (key) => cache.del(key),
    set: (key, value) => cache.set(key, value, ttl)
  }
}
