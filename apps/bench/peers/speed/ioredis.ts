import { Redis } from "ioredis6"
import { type Contestant, type Document, type Open, operation, reading } from "../../src/speed/Contestant.ts"
import { promiseLoops } from "../../src/speed/loops.ts"

/** With its defaults. */
export const open: Open = async ({ url }) => contestant(new Redis(url))

/** With the commands of a turn of the event loop in one pipeline. */
export const openWithAutoPipelining: Open = async ({ url }) =>
  contestant(new Redis(url, { enableAutoPipelining: true }))

const contestant = (redis: Redis): Contestant => ({
  operations: {
    get: operation((key: string) => redis.get(key)),
    set: operation((key: string, value: string, ttl: number) => redis.set(key, value, "PX", ttl)),
    getJson: reading(
      (key: string) => redis.get(key),
      (text) => (text === null ? undefined : (JSON.parse(text) as Document))
    ),
    setJson: operation((key: string, value: Document, ttl: number) => redis.set(key, JSON.stringify(value), "PX", ttl)),
    increment: operation((key: string) => redis.incr(key)),
    getMany: reading(
      (keys: Array<string>) => redis.mget(keys),
      (values) => (_, place) => values[place]
    ),
    setMany: operation((entries: ReadonlyArray<readonly [string, string]>, ttl: number) => {
      const multi = redis.multi()
      for (const [key, value] of entries) multi.set(key, value, "PX", ttl)
      return multi.exec()
    }),
    deletePrefix: operation(async (prefix: string) => {
      for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
        if (keys.length > 0) await redis.unlink(keys)
      }
    })
  },
  loops: promiseLoops,
  close: async () => redis.disconnect()
})
