import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { ManagedRuntime, Option, type Schema } from "effect"
import { type Contestant, type Document, type Open, operation, reading } from "../Contestant.ts"
import { effectLoops } from "../effectLoops.ts"

/** The port on one Redis, with its defaults. */
export const open: Open = ({ url }) => openRuntime(ManagedRuntime.make(CacheRedis.layer({ url, namespace: "bench" })))

const openRuntime = async <E>(runtime: ManagedRuntime.ManagedRuntime<CachePort, E>): Promise<Contestant> => {
  const cache = await runtime.runPromise(CachePort)
  return {
    operations: {
      get: reading(cache.get, Option.getOrUndefined),
      set: operation((key: string, value: string, ttl: number) => cache.set(key, value, { ttl })),
      getJson: reading(cache.getJson, (answer) => Option.getOrUndefined(answer) as Document | undefined),
      setJson: operation((key: string, value: Document, ttl: number) =>
        cache.setJson(key, value as unknown as Schema.Json, { ttl })
      ),
      increment: operation((key: string) => cache.increment(key)),
      getMany: reading(
        (keys: Array<string>) => cache.getMany(keys),
        (values) => (key) => Option.getOrUndefined(values.get(key) ?? Option.none())
      ),
      setMany: operation((entries: ReadonlyArray<readonly [string, string]>, ttl: number) =>
        cache.setMany(entries, { ttl })
      ),
      deletePrefix: operation((prefix: string) => cache.deletePattern(`${prefix}*`))
    },
    loops: effectLoops((loops) => runtime.runPromise(loops)),
    close: () => runtime.dispose()
  }
}
