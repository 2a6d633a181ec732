/** The near cache of tests, and what they do beside it. */
import type { CachePort } from "@hexcache/cache-port"
import type { RedisServer } from "@hexcache/redis-testkit"
import { createClient } from "@redis/client"
import { Effect, Option } from "effect"

type Cache = CachePort["Service"]

export const nearCache = { maxEntries: 1_000 }

/** Lets everything that is on its way arrive: what this process still has to send goes out before the ping. */
export const moment = (cached: Cache) => Effect.andThen(Effect.sleep(30), cached.ping)

export const text = (cached: Cache, key: string) => Effect.map(cached.get(key), Option.getOrUndefined)

/** Reads keys a second time, after which they are in memory. */
export const warm = (cached: Cache, ...keys: ReadonlyArray<string>) => {
  const read = Effect.forEach(keys, (key) => cached.get(key), { concurrency: "unbounded", discard: true })
  return Effect.andThen(read, Effect.andThen(read, moment(cached)))
}

/** A client beside the cache, on a connection of its own. */
export const beside = ({ url }: Pick<RedisServer, "url">) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(() =>
        createClient({ url })
          .on("error", () => {})
          .connect()
      ),
      (client) => Effect.sync(() => client.destroy())
    ),
    (client) =>
      (...args: ReadonlyArray<string>) =>
        Effect.promise(() => client.sendCommand(args))
  )
