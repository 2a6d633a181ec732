import KeyvRedis from "@keyv/redis"
import Keyv from "keyv"
import { type Contestant, type Document, type Open, operation, reading } from "../../src/speed/Contestant.ts"
import { promiseLoops } from "../../src/speed/loops.ts"

export const open: Open = async ({ url }) => contestant(new Keyv(new KeyvRedis(url)))

/** Its own store, a Map without bound. */
export const openInMemory: Open = async () => contestant(new Keyv())

const contestant = (keyv: Keyv): Contestant => ({
  operations: {
    get: operation((key: string) => keyv.get<string>(key)),
    set: operation((key: string, value: string, ttl: number) => keyv.set(key, value, ttl)),
    getJson: operation((key: string) => keyv.get<Document>(key)),
    setJson: operation((key: string, value: Document, ttl: number) => keyv.set(key, value, ttl)),
    getMany: reading(
      (keys: Array<string>) => keyv.getMany<string>(keys),
      (values) => (_, place) => values[place]
    ),
    setMany: operation((entries: ReadonlyArray<readonly [string, string]>, ttl: number) =>
      keyv.setMany(entries.map(([key, value]) => ({ key, value, ttl })))
    ),
    deletePrefix: operation((_: string) => keyv.clear())
  },
  loops: promiseLoops,
  close: () => keyv.disconnect()
})
