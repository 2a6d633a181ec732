/** The whole contract for a CacheRedis layer, on a real server, with faults on servers of their own. */
import { CacheContract } from "@hexcache/cache-contract"
import { CacheRedis } from "@hexcache/cache-redis"
import { createClient } from "@redis/client"
import { Effect } from "effect"
import { afterAll, beforeAll, inject } from "vitest"
import { faultyServer } from "./faultyServer.ts"

/** The most that an operation may take while a server is faulty, in milliseconds. */
const deadline = 1_000

/** Runs the contract for the layer with these options, in a database that no other test uses: a scan reads all of it. */
export const contract = (
  name: string,
  options: Pick<Parameters<typeof CacheRedis.layer>[0], "namespace" | "nearCache"> & { readonly database: number }
): void => {
  const url = inject("redisUrl")
  const beside = createClient({ url, database: options.database })
  beforeAll(async () => {
    await beside.connect()
  })
  afterAll(() => beside.destroy())

  /** A server of a law's own, behind a proxy that can swallow what is sent. */
  const store = Effect.map(
    faultyServer,
    ({ proxy, redis }): CacheContract.Store => ({
      layer: CacheRedis.layer({ ...options, url: proxy.url, commandTimeout: deadline }),
      deadline,
      secrets: [new URL(proxy.url).host],
      freeze: Effect.sync(() => redis.freeze()),
      thaw: Effect.sync(() => redis.thaw()),
      kill: Effect.promise(async () => {
        await redis.kill()
        proxy.refuse()
      }),
      restart: Effect.promise(async () => {
        await redis.restart()
        await proxy.heal()
      }),
      cutOff: Effect.sync(() => proxy.blackHole()),
      reconnect: Effect.promise(() => proxy.heal())
    })
  )

  const layer = (namespace: string) =>
    CacheRedis.layer({ ...options, namespace, url, commandTimeout: "20 seconds", connectTimeout: "20 seconds" })

  CacheContract.suite(name, layer(options.namespace), {
    time: "real",
    // Checked without a near cache only, as that changes nothing of it.
    scale: options.nearCache === undefined,
    layerWithNamespace: layer,
    lateReads: options.nearCache === undefined ? 0 : 20_000,
    setOtherType: (key) => Effect.promise(() => beside.rPush(`${options.namespace}:${key}`, "element")),
    store
  })
}
