import { createClient } from "redis"
import { type Contestant, type Document, type Open, operation, reading } from "../../src/speed/Contestant.ts"
import { promiseLoops } from "../../src/speed/loops.ts"

/** As it comes. */
export const open: Open = ({ url }) => contestant(createClient({ url }))

/** Without the timeout that it gives every command. */
export const openWithoutTimeout: Open = ({ url }) =>
  contestant(createClient({ url, commandOptions: { timeout: undefined } }))

const contestant = async (client: ReturnType<typeof createClient>): Promise<Contestant> => {
  await client.connect()
  const expiring = (ttl: number) => ({ expiration: { type: "PX", value: ttl } }) as const
  return {
    operations: {
      get: operation((key: string) => client.get(key)),
      set: operation((key: string, value: string, ttl: number) => client.set(key, value, expiring(ttl))),
      getJson: reading(
        (key: string) => client.get(key),
        (text) => (text === null ? undefined : (JSON.parse(text) as Document))
      ),
      setJson: operation((key: string, value: Document, ttl: number) =>
        client.set(key, JSON.stringify(value), expiring(ttl))
      ),
      increment: operation((key: string) => client.incr(key)),
      getMany: reading(
        (keys: Array<string>) => client.mGet(keys),
        (values) => (_, place) => values[place]
      ),
      setMany: operation((entries: ReadonlyArray<readonly [string, string]>, ttl: number) => {
        const multi = client.multi()
        for (const [key, value] of entries) multi.set(key, value, expiring(ttl))
        return multi.exec()
      }),
      deletePrefix: operation(async (prefix: string) => {
        for await (const keys of client.scanIterator({ MATCH: `${prefix}*` })) {
          for (const key of keys) await client.del(key)
        }
      })
    },
    loops: promiseLoops,
    close: async () => client.destroy()
  }
}
