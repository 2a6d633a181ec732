/** The entrants: modules with an export of type `Open`. */
export interface Entrant {
  /** As the tables name it. */
  readonly name: string
  /** Address of the module. */
  readonly module: string
  /** Name of the export. */
  readonly open: string
  /** Packages whose versions the report states. */
  readonly packages: ReadonlyArray<string>
  /** True if it is installed only when the bench runs. */
  readonly isPeer: boolean
  /** Keys in all, where entrants differ by that. */
  readonly keys?: number
}

/** An entrant of the workspace. */
const ours = (name: string, file: string, packages: ReadonlyArray<string>, open = "open"): Entrant => ({
  name,
  module: new URL(`contestants/${file}`, import.meta.url).href,
  open,
  packages,
  isPeer: false
})

/** An entrant that is installed into `peers` at first use. */
const peer = (name: string, file: string, packages: ReadonlyArray<string>, open = "open"): Entrant => ({
  name,
  module: new URL(`../../peers/speed/${file}`, import.meta.url).href,
  open,
  packages,
  isPeer: true
})

const hexcache = ours("hexcache", "hexcache.ts", ["@hexcache/cache-redis", "effect"])
const nodeRedis = ours("node-redis", "nodeRedis.ts", ["@redis/client"])
const nodeRedisWithoutTimeout = ours("node-redis, timeout off", "nodeRedis.ts", ["@redis/client"], "openWithoutTimeout")

/** Caches and clients on Redis, with nothing kept in the process. */
export const onRedis: ReadonlyArray<Entrant> = [
  hexcache,
  nodeRedis,
  nodeRedisWithoutTimeout,
  peer("ioredis", "ioredis.ts", ["ioredis6"]),
  peer("ioredis, auto-pipelining", "ioredis.ts", ["ioredis6"], "openWithAutoPipelining"),
  peer("valkey-glide", "valkeyGlide.ts", ["@valkey/valkey-glide"]),
  peer("keyv", "keyv.ts", ["keyv", "@keyv/redis"]),
  peer("cache-manager", "cacheManager.ts", ["cache-manager", "@keyv/redis"]),
  peer("cacheable", "cacheable.ts", ["cacheable", "@keyv/redis"]),
  peer("bentocache", "bentocache.ts", ["bentocache", "ioredis"]),
  ours("Effect Redis", "effectRedis.ts", ["effect", "@effect/platform-node"]),
  ours("Effect Persistence", "effectPersistence.ts", ["effect", "@effect/platform-node"])
]

/** The entrants under a lasting load. */
export const underLoad: ReadonlyArray<Entrant> = [hexcache, nodeRedis, nodeRedisWithoutTimeout]

/** Caches that keep values in the process, in front of Redis, and node-redis that does not. */
export const nearRedis: ReadonlyArray<Entrant> = [
  { ...hexcache, open: "openNear" },
  nodeRedis,
  ours("node-redis, clientSideCache", "nodeRedis.ts", ["@redis/client"], "openWithClientSideCache"),
  peer("cache-manager, two levels", "cacheManager.ts", ["cache-manager"], "openInTwoLevels"),
  peer("cacheable, two levels", "cacheable.ts", ["cacheable"], "openInTwoLevels"),
  peer("bentocache, two levels", "bentocache.ts", ["bentocache"], "openInTwoLevels")
]

const lruCache = peer("lru-cache", "lruCache.ts", ["lru-cache"])
const hexcacheMemory = ours("hexcache", "hexcache.ts", ["@hexcache/cache-memory", "effect"], "openInMemory")

/** Caches in memory. */
export const inMemory: ReadonlyArray<Entrant> = [
  hexcacheMemory,
  lruCache,
  peer("cacheable-memory", "cacheable.ts", ["cacheable"], "openInMemory"),
  peer("keyv", "keyv.ts", ["keyv"], "openInMemory"),
  peer("cache-manager", "cacheManager.ts", ["cache-manager"], "openInMemory"),
  peer("bentocache", "bentocache.ts", ["bentocache"], "openInMemory"),
  ours("Effect Cache", "effectCache.ts", ["effect"])
]

/** Read-throughs in memory. */
export const readThrough: ReadonlyArray<Entrant> = [
  ours("hexcache Cached", "cached.ts", ["@hexcache/cache-port", "effect"], "openInMemory"),
  ours("Effect Cache", "effectCache.ts", ["effect"]),
  peer("bentocache", "bentocache.ts", ["bentocache"], "openInMemory"),
  peer("bentocache, serialized", "bentocache.ts", ["bentocache"], "openInMemoryAsItComes"),
  peer("cacheable", "cacheable.ts", ["cacheable"], "openReadThrough"),
  peer("cachified on lru-cache", "cachified.ts", ["@epic-web/cachified", "lru-cache"])
]

const growing = (entrant: Entrant): ReadonlyArray<Entrant> =>
  [10_000, 1_000_000].map((keys) => ({
    ...entrant,
    name: `${entrant.name}, ${keys.toLocaleString("en")} keys`,
    keys
  }))

/** The same cache with few keys and with many. */
export const growth = {
  baseline: "hexcache, 10,000 keys",
  onRedis: growing({ ...hexcache, open: "openPatient" }),
  inMemory: [hexcacheMemory, lruCache].flatMap(growing)
}
