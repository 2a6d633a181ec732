import { BentoCache, bentostore } from "bentocache"
import { memoryDriver } from "bentocache/drivers/memory"
import { redisDriver } from "bentocache/drivers/redis"
import { type Contestant, type Document, type Open, operation } from "../../src/speed/Contestant.ts"
import { promiseLoops } from "../../src/speed/loops.ts"
import { lookUp } from "../../src/speed/people.ts"
import { ttl } from "../../src/speed/values.ts"

export const open: Open = async ({ url }) => contestant(bentostore().useL2Layer(redis(url)))

/** Memory in front of Redis. Without a bus nothing tells the one when the other changes. */
export const openInTwoLevels: Open = async ({ maxEntries, url }) =>
  contestant(bentostore().useL1Layer(memory(maxEntries)).useL2Layer(redis(url)))

export const openInMemory: Open = async ({ maxEntries }) => {
  const { operations, ...others } = contestant(bentostore().useL1Layer(memory(maxEntries)))
  const { get, set } = operations
  if (get === undefined || set === undefined) throw new Error("There is no get and set")
  return { ...others, operations: { ...operations, getBounded: get, setBounded: set } }
}

/** Serialized by JSON, so that each reader has an object of his own. */
export const openInMemoryAsItComes: Open = async ({ maxEntries }) =>
  contestant(bentostore().useL1Layer(memoryDriver({ maxItems: maxEntries })))

const memory = (maxEntries: number) => memoryDriver({ maxItems: maxEntries, serialize: false })

const redis = (url: string) => {
  const { hostname: host, port } = new URL(url)
  return redisDriver({ connection: { host, port: Number(port) } })
}

const contestant = (store: ReturnType<typeof bentostore>): Contestant => {
  const bento = new BentoCache({ default: "store", stores: { store } })
  return {
    operations: {
      get: operation((key: string) => bento.get<string>({ key })),
      set: operation((key: string, value: string, ttl: number) => bento.set({ key, value, ttl })),
      getJson: operation((key: string) => bento.get<Document>({ key })),
      setJson: operation((key: string, value: Document, ttl: number) => bento.set({ key, value, ttl })),
      getOrLookUp: operation((key: string) => bento.getOrSet({ key, ttl, factory: () => lookUp(key) })),
      deletePrefix: operation((_: string) => bento.clear())
    },
    loops: promiseLoops,
    close: () => bento.disconnectAll()
  }
}
