/** A library in the table. */
export interface Library {
  /** As the table names it. */
  readonly name: string
  readonly adapter: URL
  /** Packages whose versions the report states, as folders of `node_modules`. */
  readonly packages: ReadonlyArray<string>
  readonly modules: URL
}

/** Where the peers are installed. */
export const peersFolder = new URL("../../peers/", import.meta.url)

/** A library of the bench's own installation; its module stands in `peers`. */
export const peer = (name: string, file: string, packages: ReadonlyArray<string>): Library => ({
  name,
  adapter: new URL(file, peersFolder),
  packages,
  modules: new URL("node_modules/", peersFolder)
})

/** A library of the workspace; its module stands beside this one. */
export const ours = (name: string, file: string, packages: ReadonlyArray<string>): Library => ({
  name,
  adapter: new URL(file, import.meta.url),
  packages,
  modules: new URL("../../node_modules/", import.meta.url)
})

/** The libraries, in the order of the table. */
export const libraries: ReadonlyArray<Library> = [
  peer("keyv", "keyv.ts", ["keyv", "@keyv/redis"]),
  peer("cacheable", "cacheable.ts", ["cacheable", "@keyv/redis"]),
  peer("cache-manager", "cacheManager.ts", ["cache-manager", "keyv", "@keyv/redis"]),
  peer("bentocache", "bentocache.ts", ["bentocache", "ioredis"]),
  peer("unstorage", "unstorage.ts", ["unstorage", "ioredis"]),
  ours("PersistedCache", "adapters/persistedCache.ts", ["effect", "@effect/platform-node"]),
  peer("node-redis", "nodeRedis.ts", ["redis"]),
  ours("hexcache", "adapters/hexcache.ts", ["@hexcache/cache-redis"]),
  ours("keyv on hexcache", "adapters/keyvOnHexcache.ts", ["keyv", "@hexcache/cache-keyv"]),
  ours("PersistedCache on hexcache", "adapters/persistedOnHexcache.ts", ["effect", "@hexcache/cache-effect"])
]
