import { Batch, GlideClient, TimeUnit } from "@valkey/valkey-glide"
import { type Document, type Open, operation, reading } from "../../src/speed/Contestant.ts"
import { promiseLoops } from "../../src/speed/loops.ts"

/** The deadline is that of the others, so that a busy machine does not end the bench. */
export const open: Open = async ({ url }) => {
  const { hostname: host, port } = new URL(url)
  const client = await GlideClient.createClient({ addresses: [{ host, port: Number(port) }], requestTimeout: 5_000 })
  const expiring = (ttl: number) => ({ expiry: { type: TimeUnit.Milliseconds, count: ttl } })
  return {
    operations: {
      get: reading(
        (key: string) => client.get(key),
        (text) => text as string | null
      ),
      set: operation((key: string, value: string, ttl: number) => client.set(key, value, expiring(ttl))),
      getJson: reading(
        (key: string) => client.get(key),
        (text) => (text === null ? undefined : (JSON.parse(text as string) as Document))
      ),
      setJson: operation((key: string, value: Document, ttl: number) =>
        client.set(key, JSON.stringify(value), expiring(ttl))
      ),
      increment: operation((key: string) => client.incr(key)),
      getMany: reading(
        (keys: Array<string>) => client.mget(keys),
        (values) => (_, place) => values[place] as string | null
      ),
      setMany: operation((entries: ReadonlyArray<readonly [string, string]>, ttl: number) => {
        const transaction = new Batch(true)
        for (const [key, value] of entries) transaction.set(key, value, expiring(ttl))
        return client.exec(transaction, true)
      }),
      deletePrefix: operation(async (prefix: string) => {
        let cursor = "0"
        do {
          const [next, keys] = await client.scan(cursor, { match: `${prefix}*`, count: 1_000 })
          if (keys.length > 0) await client.unlink(keys)
          cursor = next as string
        } while (cursor !== "0")
      })
    },
    loops: promiseLoops,
    close: async () => client.close()
  }
}
