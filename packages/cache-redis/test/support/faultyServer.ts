import { FaultProxy } from "@hexcache/redis-testkit"
import { Effect } from "effect"
import { server } from "./servers.ts"

/** A server of the test's own behind a proxy, for as long as the scope is open. */
export const faultyServer = Effect.gen(function* () {
  const redis = yield* server()
  const proxy = yield* Effect.acquireRelease(
    Effect.promise(() => FaultProxy.start(redis.port)),
    (proxy) => Effect.promise(() => proxy.stop())
  )
  return { redis, proxy, url: proxy.url }
})
