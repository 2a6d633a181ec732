import type { KeyvStoreAdapter } from "keyv"
import type { Surroundings } from "../../src/staleReads/CacheProcess.ts"

/** The operations of Keyv's Redis storage, on the shared store. */
export const keyvStore = ({ send }: Surroundings): KeyvStoreAdapter => ({
  opts: {},
  on() {
    return this
  },
  get: (key) => send("GET", key, (store) => store.get(key) as never),
  getMany: (keys) => send("MGET", keys.join(), (store) => keys.map((key) => store.get(key) as never)),
  set: (key, value, ttl) => send("SET", key, (store) => store.set(key, value, ttl)),
  setMany: (entries) =>
    send("SET", entries.map(({ key }) => key).join(), (store) => {
      for (const { key, ttl, value } of entries) store.set(key, value, ttl)
    }),
  delete: (key) => send("UNLINK", key, (store) => store.delete(key)),
  deleteMany: (keys) =>
    send("UNLINK", keys.join(), (store) => keys.map((key) => store.delete(key)).some((isLive) => isLive)),
  has: (key) => send("EXISTS", key, (store) => store.get(key) !== undefined),
  clear: () =>
    send("UNLINK", "all keys", (store) => {
      for (const key of store.keys()) store.delete(key)
    })
})
