import KeyvRedis from "@keyv/redis"
import { type Cache, createCache } from "cache-manager"
import { CacheableMemory } from "cacheable"
import { Keyv } from "keyv"
import { type Contestant, type Document, type Open, operation, reading } from "../../src/speed/Contestant.ts"
import { promiseLoops } from "../../src/speed/loops.ts"

export const open: Open = async ({ url }) =>
  contestant(createCache({ stores: [new Keyv({ store: new KeyvRedis(url) })] }))

/** Memory in front of Redis. Nothing tells the one when the other changes. */
export const openInTwoLevels: Open = async ({ maxEntries, url }) =>
  contestant(createCache({ stores: [bounded(maxEntries), new Keyv({ store: new KeyvRedis(url) })] }))

/** Its own store, a Map without bound, and another where it has to evict. */
export const openInMemory: Open = async ({ maxEntries }) => {
  const evicting = createCache({ stores: [bounded(maxEntries)] })
  const { operations, ...others } = contestant(createCache())
  return {
    ...others,
    operations: {
      ...operations,
      getBounded: operation((key: string) => evicting.get<string>(key)),
      setBounded: operation((key: string, value: string, ttl: number) => evicting.set(key, value, ttl))
    }
  }
}

const bounded = (maxEntries: number): Keyv => new Keyv({ store: new CacheableMemory({ lruSize: maxEntries }) })

const contestant = (cache: Cache): Contestant => ({
  operations: {
    get: operation((key: string) => cache.get<string>(key)),
    set: operation((key: string, value: string, ttl: number) => cache.set(key, value, ttl)),
    getJson: operation((key: string) => cache.get<Document>(key)),
    setJson: operation((key: string, value: Document, ttl: number) => cache.set(key, value, ttl)),
    getMany: reading(
      (keys: Array<string>) => cache.mget<string>(keys),
      (values) => (_, place) => values[place]
    ),
    setMany: operation((entries: ReadonlyArray<readonly [string, string]>, ttl: number) =>
      cache.mset(entries.map(([key, value]) => ({ key, value, ttl })))
    ),
    deletePrefix: operation((_: string) => cache.clear())
  },
  loops: promiseLoops,
  close: () => cache.disconnect()
})
