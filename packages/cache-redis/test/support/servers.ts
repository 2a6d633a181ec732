import { type CacheError, CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { RedisServer, type RedisServerOptions } from "@hexcache/redis-testkit"
import { Context, Effect, Layer, Schedule, type Scope } from "effect"

/** A server of the test's own, for as long as the scope is open. */
export const server = (options?: RedisServerOptions): Effect.Effect<RedisServer, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(() => RedisServer.start(options)),
    (server) => Effect.promise(() => server.stop())
  )

/** Long, so that no operation fails for a busy machine. A test of what a deadline does sets one. */
const patient = { commandTimeout: "20 seconds" } as const

/** A cache on Redis, for as long as the scope is open. */
export const cache = (
  options: Partial<CacheRedis.CacheRedisOptions> & Pick<CacheRedis.CacheRedisOptions, "url">
): Effect.Effect<CachePort["Service"], CacheError, Scope.Scope> =>
  Effect.map(Layer.build(CacheRedis.layer({ namespace: "test", ...patient, ...options })), Context.get(CachePort))

/** As `cache`, once the server replies. */
export const readyCache = (options: Parameters<typeof cache>[0]) =>
  Effect.tap(cache(options), ({ ping }) => onceConnected(ping))

/** Repeats an operation until the connection of its cache is ready. */
export const onceConnected = <A>(asked: Effect.Effect<A, CacheError>): Effect.Effect<A, CacheError> =>
  Effect.retry(asked, { times: 1_500, schedule: Schedule.spaced(20) })

/** How long an effect takes, in milliseconds, and what it comes to. */
export const timed = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<readonly [A, millis: number], E, R> =>
  Effect.suspend(() => {
    const start = performance.now()
    return Effect.map(effect, (answer) => [answer, performance.now() - start] as const)
  })
