import { Cacheable, type CacheableOptions } from "cacheable"
import { type CacheProcess, type Open, type Surroundings, ttl } from "../../src/staleReads/CacheProcess.ts"
import { keyvStore } from "./keyvStore.ts"

/** The shared store only, as its primary store. */
export const open: Open = (surroundings, tags) => cacheProcess({ primary: keyvStore(surroundings) }, surroundings, tags)

/** Memory in front of the shared store, and messages that tell the other processes. */
export const openWithSync: Open = (surroundings, tags) =>
  cacheProcess({ secondary: keyvStore(surroundings), sync: { qified: provider(surroundings) } }, surroundings, tags)

const cacheProcess = (
  options: CacheableOptions,
  { lookUp }: Surroundings,
  tags: ReadonlyArray<string>
): CacheProcess => {
  const cache = new Cacheable({ ...options, tags: tags.length > 0 })
  return {
    get: async (key) => {
      if (tags.length === 0) return cache.getOrSet(key, () => lookUp(key), { ttl })
      // Only a `set` takes tags.
      const kept = await cache.get<string>(key)
      if (kept !== undefined) return kept
      const value = await lookUp(key)
      await cache.set(key, value, { ttl, tags: [...tags] })
      return value
    },
    delete: (key) => cache.delete(key),
    deleteTag: (tag) => cache.tags.invalidateTag(tag),
    set: (key, value) => cache.set(key, value, ttl)
  }
}

type Provider = Extract<NonNullable<CacheableOptions["sync"]>, { readonly qified: unknown }>["qified"]

const provider = ({ publish, subscribe }: Surroundings): Provider => {
  const handlers = new Map<string, (message: unknown) => unknown>()
  subscribe((sent) => {
    const { message, topic } = sent as { readonly topic: string; readonly message: unknown }
    return handlers.get(topic)?.(message)
  })
  const itself = {
    id: "shared",
    subscriptions: new Map(),
    publish: (topic: string, message: unknown) => publish(topic, { topic, message }),
    subscribe: async (topic: string, { handler }: { readonly handler: (message: unknown) => unknown }) => {
      handlers.set(topic, handler)
    },
    unsubscribe: async () => {},
    disconnect: async () => {}
  }
  return itself as unknown as Provider
}
