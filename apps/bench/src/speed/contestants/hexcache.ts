import { CacheMemory } from "@hexcache/cache-memory"
import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { type Layer, ManagedRuntime, Option } from "effect"
import { type Contestant, type Document, type Open, operation, reading } from "../Contestant.ts"
import { effectLoops } from "../effectLoops.ts"

/** On one Redis. The deadline is node-redis's own, so that a busy machine does not end the bench. */
export const open: Open = ({ url }) =>
  contestant(CacheRedis.layer({ url, namespace: "bench", commandTimeout: "5 seconds" }))

/** With a deadline that an operation on a million keys keeps. */
export const openPatient: Open = ({ url }) =>
  contestant(CacheRedis.layer({ url, namespace: "bench", commandTimeout: "1 minute" }))

/** With a near cache, which the server keeps right. */
export const openNear: Open = ({ maxEntries, url }) =>
  contestant(CacheRedis.layer({ url, namespace: "bench", nearCache: { maxEntries } }))

export const openInMemory: Open = ({ maxEntries }) => contestant(CacheMemory.layer({ maxEntries }))

const contestant = async <E>(layer: Layer.Layer<CachePort, E>): Promise<Contestant> => {
  const runtime = ManagedRuntime.make(layer)
  const cache = await runtime.runPromise(CachePort)
  await runtime.runPromise(cache.ping)
  const get = reading(cache.get, Option.getOrUndefined)
  const set = operation((key: string, value: string, ttl: number) => cache.set(key, value, { ttl }))
  return {
    operations: {
      get,
      set,
      getBounded: get,
      setBounded: set,
      getJson: reading(
        (key: string) => cache.getJson(key),
        (answer) => Option.getOrUndefined(answer) as Document | undefined
      ),
      setJson: operation((key: string, value: Document, ttl: number) => cache.setJson(key, value, { ttl })),
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
