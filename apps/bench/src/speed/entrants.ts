/** Who takes part: modules with an export of type `Open`. */
export interface Entrant {
  /** As the tables name it. */
  readonly name: string
  /** Address of the module. */
  readonly module: string
  /** Name of the export. */
  readonly open: string
  /** Packages whose versions are told. */
  readonly packages: ReadonlyArray<string>
  /** Whether it is installed only when the bench is run. */
  readonly isPeer: boolean
}

const ours = (name: string, file: string, packages: ReadonlyArray<string>, open = "open"): Entrant => ({
  name,
  module: new URL(`contestants/${file}`, import.meta.url).href,
  open,
  packages,
  isPeer: false
})

const peer = (name: string, file: string, packages: ReadonlyArray<string>, open = "open"): Entrant => ({
  name,
  module: new URL(`../../peers/speed/${file}`, import.meta.url).href,
  open,
  packages,
  isPeer: true
})

export const nodeRedis = peer("node-redis", "nodeRedis.ts", ["redis"])

/** Caches on Redis and nothing else. */
export const redisEntrants: ReadonlyArray<Entrant> = [
  ours("hexcache", "hexcache.ts", ["@hexcache/cache-redis", "effect"]),
  nodeRedis,
  peer("node-redis, timeout off", "nodeRedis.ts", ["redis"], "openWithoutTimeout"),
  peer("ioredis", "ioredis.ts", ["ioredis6"]),
  peer("ioredis, auto-pipelining", "ioredis.ts", ["ioredis6"], "openWithAutoPipelining"),
  peer("keyv", "keyv.ts", ["keyv", "@keyv/redis"])
]
