import KeyvRedis from "@keyv/redis"
import { Cacheable, CacheableMemory, createKeyv } from "cacheable"
import { type Contestant, type Document, type Open, operation, reading } from "../../src/speed/Contestant.ts"
import { plainLoops, promiseLoops } from "../../src/speed/loops.ts"
import { lookUp } from "../../src/speed/people.ts"
import { ttl } from "../../src/speed/values.ts"

/** Redis only, as its primary store. */
export const open: Open = async ({ url }) => contestant(new Cacheable({ primary: new KeyvRedis(url) }))

/** Memory in front of Redis. Nothing tells the one when the other changes. */
export const openInTwoLevels: Open = async ({ url }) => contestant(new Cacheable({ secondary: new KeyvRedis(url) }))

/** Its store in memory, bare. It returns synchronously. */
export const openInMemory: Open = async ({ maxEntries }) => {
  const memory = new CacheableMemory({ lruSize: maxEntries })
  const get = operation((key: string) => memory.get<string>(key))
  const set = operation((key: string, value: string, ttl: number) => memory.set(key, value, ttl))
  return {
    operations: { get, set, getBounded: get, setBounded: set },
    loops: plainLoops,
    close: async () => memory.stopIntervalCheck()
  }
}

/** With its defaults: its store in memory, behind Keyv. */
export const openReadThrough: Open = async ({ maxEntries }) =>
  contestant(new Cacheable({ primary: createKeyv({ lruSize: maxEntries }) }))

const contestant = (cache: Cacheable): Contestant => ({
  operations: {
    get: operation((key: string) => cache.get<string>(key)),
    set: operation((key: string, value: string, ttl: number) => cache.set(key, value, ttl)),
    getJson: operation((key: string) => cache.get<Document>(key)),
    setJson: operation((key: string, value: Document, ttl: number) => cache.set(key, value, ttl)),
    getMany: reading(
      (keys: Array<string>) => cache.getMany<string>(keys),
      (values) => (_, place) => values[place]
    ),
    setMany: operation((entries: ReadonlyArray<readonly [string, string]>, ttl: number) =>
      cache.setMany(entries.map(([key, value]) => ({ key, value, ttl })))
    ),
    getOrLookUp: operation((key: string) => cache.getOrSet(key, async () => lookUp(key), { ttl })),
    deletePrefix: operation((_: string) => cache.clear())
  },
  loops: promiseLoops,
  close: () => cache.disconnect()
})
