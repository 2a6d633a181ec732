/** Groups that sentinels watch, and caches behind them. */
import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { askRedis, RedisSentinels, type RedisSentinelsOptions, type RedisServer } from "@hexcache/redis-testkit"
import { createClient } from "@redis/client"
import { Context, Effect, Layer } from "effect"

/** Long, so that no server is taken for down but by a test that waits for it. */
const patientSentinels = { downAfter: 60_000 } as const

/** A group of the test's own, for as long as the scope is open. */
export const sentinelGroup = (options?: RedisSentinelsOptions) =>
  Effect.acquireRelease(
    Effect.promise(() => RedisSentinels.start({ ...patientSentinels, ...options })),
    (group) => Effect.promise(() => group.stop())
  )

/** Long, so that no operation fails for a busy machine. A test of what a deadline does sets one. */
const patient = { commandTimeout: "20 seconds", connectTimeout: "20 seconds" } as const

/** A cache behind Sentinel, for as long as the scope is open. */
export const sentinelCache = (
  options: Omit<CacheRedis.CacheRedisSentinelOptions, "namespace"> & Partial<CacheRedis.CacheRedisSentinelOptions>
) =>
  Effect.map(
    Layer.build(CacheRedis.layerSentinel({ namespace: "test", ...patient, ...options })),
    Context.get(CachePort)
  )

/** Asks all sentinels over and over for the port of the master, until the scope is closed. */
export const watchNames = ({ name, sentinels }: RedisSentinels) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const clients = await Promise.all(
        sentinels.map(({ url }) =>
          createClient({ url })
            .on("error", () => {})
            .connect()
        )
      )
      /** When a sentinel named the master of this port for the first time. */
      const namedAt = new Map<number, number>()
      const ask = async (client: (typeof clients)[number]) => {
        const [, port] = await client.sendCommand<[string, string]>(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name])
        if (!namedAt.has(Number(port))) namedAt.set(Number(port), performance.now())
      }
      const timer = setInterval(() => void Promise.all(clients.map(ask)).catch(() => {}), 5)
      return { clients, namedAt, timer }
    }),
    ({ clients, timer }) =>
      Effect.sync(() => {
        clearInterval(timer)
        for (const client of clients) client.destroy()
      })
  )

/** The sentinel's clients that hear of failovers: each is of a cache. */
export const subscribers = async ({ url }: RedisServer): Promise<number> =>
  (await askRedis(url, ["CLIENT", "LIST"])).split("\n").filter((client) => / sub=[1-9]/.test(client)).length

/** The servers that may be the master. */
export const serversOf = ({ master, replicas }: RedisSentinels): ReadonlyArray<RedisServer> => [master, ...replicas]
