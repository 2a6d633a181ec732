/** Every public call once, for the test of what an editor shows on it. Compiled, and never run. */
import { Codec } from "@hexcache/cache-codec"
import { CacheContract, Chaos } from "@hexcache/cache-contract"
import { CacheKeyv } from "@hexcache/cache-keyv"
import { Breaker, FailOpen, Telemetry } from "@hexcache/cache-layers"
import { CacheMemory } from "@hexcache/cache-memory"
import { type CacheDriver, CacheKey, CachePort, Glob, intercept } from "@hexcache/cache-port"
import { CachePromise } from "@hexcache/cache-promise"
import { CacheRedis } from "@hexcache/cache-redis"
import { CacheSqlite } from "@hexcache/cache-sqlite"
import { Cached } from "@hexcache/cached"
import { Config, Effect, Schema } from "effect"

declare const driver: CacheDriver
declare const cache: CachePort["Service"]

export const layers = () => [
  CacheMemory.layer(),
  CacheMemory.layer({ maxEntries: 1 }),
  CacheMemory.layerConfig({ maxBytes: Config.Int("BYTES") }),
  CacheRedis.layer({ url: "redis://localhost", namespace: "shop" }),
  CacheRedis.layerConfig({ url: Config.Redacted("REDIS_URL"), namespace: Config.succeed("shop") }),
  CacheRedis.layerCluster({ rootNodes: ["redis://localhost"], namespace: "shop" }),
  CacheRedis.layerSentinel({ name: "main", sentinels: ["redis://localhost"], namespace: "shop" }),
  CacheRedis.layerFromClient({ options: {} } as never, { namespace: "shop" }),
  CacheSqlite.layer({ path: ":memory:" }),
  Breaker.layer(),
  Breaker.layer({ failures: 3 }),
  FailOpen.layer,
  Telemetry.layer(),
  Chaos.layer({ seed: 1 } as never)
]

export const port = () => [
  CachePort.fromDriver(driver),
  CachePort.layerFromDriver(Effect.succeed(driver)),
  CachePort.namespaced(cache, "part"),
  CachePort.ready(cache),
  CacheKey.make("user", 1),
  Glob.escape("*"),
  Glob.matches("*", "key"),
  intercept(cache, {} as never),
  Codec.compressed(),
  cache.getJson("key"),
  cache.getJson("key", Schema.Number),
  cache.setJson("key", 1)
]

const schema = Schema.Number

export const views = () => [
  Cached.make({ namespace: "n", schema, ttl: "1 minute", lookup: (n: number) => Effect.succeed(n) }),
  Cached.make({
    namespace: "n",
    schema,
    ttl: "1 minute",
    lookupMany: (many: ReadonlyArray<number>) => Effect.succeed(many.map((n) => [n, n] as const))
  }),
  Cached.invalidateTag("tag")
]

export const promises = async () => {
  const opened = await CachePromise.open(CacheMemory.layer())
  const store = await CacheKeyv.open(CacheMemory.layer())
  const plain = opened.cached({ namespace: "n", ttl: "1 minute", lookup: async (n: number) => n })
  const checked = opened.cached({
    namespace: "n",
    schema: Schema.toStandardSchemaV1(Schema.Number),
    ttl: "1 minute",
    lookup: async (n: number) => n
  })
  const many = opened.cached({
    namespace: "n",
    ttl: "1 minute",
    lookupMany: async (many: ReadonlyArray<number>) => many.map((n) => [n, n] as const)
  })
  const wrapped = opened.wrap(async (n: number) => n, { namespace: "n", ttl: "1 minute" })
  await wrapped.invalidate(1)
  await opened.getJson("key")
  await opened.getJson("key", { schema: Schema.toStandardSchemaV1(Schema.Number) })
  await plain.get(1)
  return [store, checked, many]
}

export const contract = () => CacheContract.suite("memory", CacheMemory.layer(), {} as never)
