/**
 * The composition root: the one file that names adapters.
 *
 * Without an argument it runs the tour, with `serve` the HTTP server and its page. `CACHE` chooses the cache: `memory`,
 * unless given, or `redis`, which needs `REDIS_URL`; `serve --redis` starts a Redis of its own.
 */
import { randomUUID } from "node:crypto"
import { NodeRuntime } from "@effect/platform-node"
import { Breaker, FailOpen, Telemetry } from "@hexcache/cache-layers"
import { CacheMemory } from "@hexcache/cache-memory"
import { type CacheError, CachePort } from "@hexcache/cache-port"
import { CacheRedis, ConnectionState, RedisStatus } from "@hexcache/cache-redis"
import { Cause, Console, Effect, Exit, Layer, Logger, Record, Redacted, Runtime } from "effect"
import { QueryCount } from "./cities/QueryCount.ts"
import * as SqliteCityStore from "./cities/SqliteCityStore.ts"
import { Cities } from "./domain/Cities.ts"
import { RateLimit } from "./domain/RateLimit.ts"
import { Visits } from "./domain/Visits.ts"
import { CacheConnection } from "./http/CacheConnection.ts"
import * as Server from "./http/Server.ts"
import {
  cacheConfig,
  portConfig,
  rateLimit,
  redisTimeout,
  redisUrl,
  refuse,
  type ServeOptions,
  serveOptions
} from "./settings.ts"
import { loadingProgress } from "./show/console/progress.ts"
import { warnings } from "./show/console/warnings.ts"
import { OwnRedis } from "./show/redis/OwnRedis.ts"
import { Outage } from "./show/tour/Outage.ts"
import { Report } from "./show/tour/Report.ts"
import * as TcpProxy from "./show/tour/TcpProxy.ts"
import { tour } from "./show/tour/tour.ts"
import { CityWatch } from "./show/watch/CityWatch.ts"
import { Favourites } from "./show/watch/Favourites.ts"
import { Load } from "./show/watch/Load.ts"
import { LoadTimes } from "./show/watch/LoadTimes.ts"
import { Minute } from "./show/watch/Minute.ts"
import { Snapshots } from "./show/watch/Snapshot.ts"
import { StoreProbe } from "./show/watch/StoreProbe.ts"
import * as Trail from "./show/watch/Trail.ts"

/** The catalogue on SQLite, and on any cache: it does not wait for a lost one, and goes on without. */
const catalogue = (system: string) =>
  Layer.mergeAll(Cities.layer, Visits.layer, Layer.unwrap(Effect.map(rateLimit, RateLimit.layer))).pipe(
    Layer.provideMerge(FailOpen.layer),
    Layer.provideMerge(Telemetry.layer({ system, namespace: "demo" })),
    Layer.provideMerge(Breaker.layer()),
    Layer.provideMerge(LoadTimes.layer),
    Layer.provideMerge(QueryCount.layer),
    Layer.provide(SqliteCityStore.layer({ onProgress: loadingProgress }))
  )

/** The catalogue with every request for a city watched, for the page. */
const watched = (system: string) =>
  Snapshots.layer.pipe(
    Layer.provideMerge(Layer.mergeAll(Load.layer, Minute.layer)),
    Layer.provideMerge(CityWatch.layer),
    Layer.provideMerge(Favourites.layer),
    Layer.provideMerge(catalogue(system))
  )

/**
 * The database begins anew with each process, so what is cached of it may not outlive the process, nor be shared with
 * another.
 */
const namespace = `demo-${randomUUID().slice(0, 8)}`
const leavingNothing = Layer.effectDiscard(
  CachePort.use((cache) => Effect.addFinalizer(() => Effect.ignore(cache.flush)))
)

const redis = (url: string | Redacted.Redacted, commandTimeout: number) =>
  Layer.provideMerge(connection, CacheRedis.layer({ url, namespace, commandTimeout, nearCache: { maxEntries: 1_000 } }))

const connection = Layer.effect(
  CacheConnection,
  RedisStatus.useSync(({ current }) => ({
    current: Effect.map(current, ({ nodes, ...whole }) => ({
      ...summary(whole),
      nodes: Record.map(nodes, summary)
    }))
  }))
)

const summary = ConnectionState.$match({
  Up: ({ since }) => ({ state: "up" as const, since }),
  Connecting: ({ since }) => ({ state: "connecting" as const, since }),
  Down: ({ reason, since }) => ({ state: "down" as const, since, reason: reason._tag })
})

const ownRedis = (commandTimeout: number) =>
  Layer.unwrap(
    OwnRedis.use(({ url }) => Effect.as(Console.log(`  Redis of its own at ${url}`), redis(url, commandTimeout)))
  ).pipe(Layer.provideMerge(OwnRedis.layer))

const serve = Effect.fnUntraced(function* ({ port, withRedis }: ServeOptions) {
  const choice = withRedis ? "own" : yield* cacheConfig
  const commandTimeout = yield* redisTimeout
  const adapter =
    choice === "memory"
      ? CacheMemory.layer({ namespace })
      : choice === "own"
        ? ownRedis(commandTimeout)
        : redis(yield* redisUrl, commandTimeout)
  const system = choice === "memory" ? "memory" : "redis"
  const store = { system, deadline: system === "memory" ? 0 : commandTimeout, isOwn: choice !== "redis" } as const

  yield* Server.listen({ port: port ?? (yield* portConfig) }).pipe(
    Effect.provide(
      watched(system).pipe(
        Layer.provideMerge(leavingNothing),
        Layer.provideMerge(Trail.layer),
        Layer.provideMerge(StoreProbe.layer(store)),
        Layer.provideMerge(adapter)
      )
    ),
    Effect.provide(Logger.layer([Logger.withConsoleError(Logger.formatLogFmt)]))
  )
})

const runTour = Effect.gen(function* () {
  const choice = yield* cacheConfig
  const cache =
    choice === "memory" ? CacheMemory.layer({ namespace }) : redisToLose(yield* redisUrl, yield* redisTimeout)

  yield* Console.log(`\n  A catalogue of cities: SQLite, and a cache in ${choice === "memory" ? "memory" : "Redis"}`)
  yield* tour.pipe(
    Effect.provide(
      Report.layer.pipe(
        Layer.provideMerge(catalogue(choice)),
        Layer.provideMerge(leavingNothing),
        Layer.provideMerge(cache)
      )
    ),
    Effect.provide(Logger.layer([warnings]))
  )
})

/** Redis behind a proxy that the tour can cut; not over TLS, whose certificate is for another host. */
const redisToLose = (url: Redacted.Redacted, commandTimeout: number): Layer.Layer<CachePort, CacheError> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const parsed = URL.parse(Redacted.value(url))
      if (parsed?.protocol !== "redis:") return CacheRedis.layer({ url, namespace, commandTimeout })
      const proxy = yield* TcpProxy.inFrontOf(parsed, 6379)
      return Layer.merge(
        CacheRedis.layer({ url: Redacted.make(proxy.url), namespace, commandTimeout }),
        Layer.succeed(Outage, proxy.outage)
      )
    })
  )

const main = Effect.gen(function* () {
  const args = process.argv.slice(2)
  if (args.length === 0) return yield* runTour
  return yield* serve(yield* serveOptions(args))
}).pipe(
  Effect.catchTags({
    CacheError: (error) => refuse(error.message),
    ConfigError: (error) => refuse(oneLine(error.message)),
    NoRedis: (error) => refuse(error.message),
    ServeError: () => refuse("The server cannot listen there: is the port free?")
  }),
  Effect.tapErrorTag("Refusal", ({ message }) => Console.error(message))
)

/** The setting and what is expected of it, without the error's class and its layout. */
const oneLine = (message: string): string => message.replace(/^SchemaError\(|\)$/g, "").replace(/\s+/g, " ")

/** A server that a signal stops has ended well. */
const teardown: Runtime.Teardown = (exit, onExit) =>
  Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) && process.argv.includes("serve")
    ? onExit(0)
    : Runtime.defaultTeardown(exit, onExit)

NodeRuntime.runMain(main, { teardown })
