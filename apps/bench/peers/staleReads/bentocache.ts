import { BentoCache, bentostore } from "bentocache"
import { memoryDriver } from "bentocache/drivers/memory"
import { type CacheProcess, type Open, type Surroundings, ttl } from "../../src/staleReads/CacheProcess.ts"

/** The shared store only. */
export const open: Open = (surroundings, tags) =>
  cacheProcess(bentostore().useL2Layer(storeDriver(surroundings)), surroundings, tags)

/** Memory in front of the shared store, and a bus that tells the other processes. */
export const openWithBus: Open = (surroundings, tags) =>
  cacheProcess(
    bentostore()
      .useL1Layer(memoryDriver({ maxSize: "10mb" }))
      .useL2Layer(storeDriver(surroundings))
      .useBus({ options: {}, factory: () => transport(surroundings) }),
    surroundings,
    tags
  )

const cacheProcess = (
  store: ReturnType<typeof bentostore>,
  { lookUp }: Surroundings,
  tags: ReadonlyArray<string>
): CacheProcess => {
  const bento = new BentoCache({ default: "store", stores: { store } })
  return {
    get: (key) => bento.getOrSet({ key, ttl, tags: [...tags], factory: () => lookUp(key) }),
    delete: (key) => bento.delete({ key }),
    deleteTag: (tag) => bento.deleteByTag({ tags: [tag] }),
    set: (key, value) => bento.set({ key, value, ttl })
  }
}

type StoreDriver = ReturnType<Parameters<ReturnType<typeof bentostore>["useL2Layer"]>[0]["factory"]>

/** The Redis driver's operations, on the shared store. */
const storeDriver = ({ send }: Surroundings) => {
  const driver: StoreDriver = {
    type: "l2",
    namespace: () => driver,
    get: (key) => send("GET", key, (store) => store.get(key)),
    pull: (key) =>
      send("GETDEL", key, (store) => {
        const value = store.get(key)
        store.delete(key)
        return value
      }),
    set: (key, value, ttl) =>
      send("SET", key, (store) => {
        store.set(key, value, ttl)
        return true
      }),
    clear: () =>
      send("UNLINK", "all keys", (store) => {
        for (const key of store.keys()) store.delete(key)
      }),
    delete: (key) => send("UNLINK", key, (store) => store.delete(key)),
    deleteMany: (keys) =>
      send("UNLINK", keys.join(), (store) => {
        for (const key of keys) store.delete(key)
        return true
      }),
    disconnect: async () => {}
  }
  return { options: {}, factory: () => driver }
}

type Transport = ReturnType<Parameters<ReturnType<typeof bentostore>["useBus"]>[0]["factory"]>

const transport = ({ publish, subscribe }: Surroundings): Transport => {
  const itself: Transport = {
    setId: () => itself,
    onReconnect: () => {},
    publish: (_, message) => publish((message as { readonly type: string }).type, message),
    subscribe: async (_, receive) => subscribe((message) => receive(message as never)),
    unsubscribe: async () => {},
    disconnect: async () => {}
  }
  return itself
}
