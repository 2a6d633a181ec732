import { createClient } from "@redis/client"
import { type Contestant, type Document, type Open, operation, reading } from "../Contestant.ts"
import { promiseLoops } from "../loops.ts"

/** With its defaults. It removes by pattern as its guide shows: SCAN, and DEL one by one. */
export const open: Open = ({ url }) => contestant(createClient({ url }))

/** Without the timeout that it gives every command. It removes by pattern with large pages and an UNLINK a page. */
export const openWithoutTimeout: Open = async ({ url }) => {
  const client = createClient({ url, commandOptions: withoutTimeout })
  const { operations, ...others } = await contestant(client)
  return { ...others, operations: { ...operations, deletePrefix: operation(unlinkPages(client as unknown as Client)) } }
}

/** With its cache in the process, which the server keeps right. */
export const openWithClientSideCache: Open = ({ maxEntries, url }) =>
  contestant(createClient({ url, RESP: 3, clientSideCache: { maxEntries, ttl: 0, evictPolicy: "LRU" } }))

// Its types know of no timeout that is undefined, though its guide does.
const withoutTimeout = { timeout: undefined } as object

type Client = ReturnType<typeof createClient>

const unlinkPages = (client: Client) => async (prefix: string) => {
  for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1_000 })) {
    if (keys.length > 0) await client.unlink(keys)
  }
}

const contestant = async (clientOfAnyProtocol: unknown): Promise<Contestant> => {
  // The types of the replies differ by protocol, but not for those used here.
  const client = clientOfAnyProtocol as Client
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
