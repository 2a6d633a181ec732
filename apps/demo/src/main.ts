/**
 * The composition root: the one file that names adapters.
 *
 * Without an argument it runs the tour, with `serve` the HTTP server. `CACHE` chooses the cache: `memory`, unless given,
 * or `redis`, which needs `REDIS_URL`.
 */
import { randomUUID } from "node:crypto"
import { NodeRuntime } from "@effect/platform-node"
import { CacheMemory } from "@hexcache/cache-memory"
import { type CacheError, CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { Cause, Config, Console, Data, Effect, Exit, Layer, Logger, Option, Redacted, Runtime } from "effect"
import { QueryCount } from "./cities/QueryCount.ts"
import * as SqliteCityStore from "./cities/SqliteCityStore.ts"
import { loadingProgress } from "./console/progress.ts"
import { warnings } from "./console/warnings.ts"
import { Cities } from "./domain/Cities.ts"
import { FailOpen } from "./domain/FailOpen.ts"
import { RateLimit } from "./domain/RateLimit.ts"
import { Visits } from "./domain/Visits.ts"
import * as Server from "./http/Server.ts"
import { Outage } from "./tour/Outage.ts"
import { Report } from "./tour/Report.ts"
import * as TcpProxy from "./tour/TcpProxy.ts"
import { tour } from "./tour.ts"

const usage = `Usage: pnpm demo          a tour of the catalogue, which ends by itself
       pnpm demo serve    the catalogue over HTTP, on loopback

Environment:
  CACHE         memory (default) or redis
  REDIS_URL     the Redis of CACHE=redis, for example redis://localhost:6379
  PORT          the port of serve, 3000 unless given
  RATE_LIMIT    requests that a client may send in RATE_WINDOW, 100 unless given
  RATE_WINDOW   10 seconds unless given`

/** Why nothing was started, in one line. */
class Refusal extends Data.TaggedError("Refusal")<{ readonly message: string; readonly exitCode: number }> {
  override readonly [Runtime.errorReported] = false
  override readonly [Runtime.errorExitCode] = this.exitCode
}

const refuse = (message: string, exitCode = 1): Refusal => new Refusal({ message, exitCode })

const cacheConfig = Config.withDefault(Config.Literals(["memory", "redis"], "CACHE"), "memory")

const redisUrl = Effect.filterOrFail(
  Effect.map(Config.option(Config.Redacted("REDIS_URL")), Option.getOrElse(() => Redacted.make(""))),
  (url) => Redacted.value(url) !== "",
  () => refuse("CACHE=redis needs REDIS_URL, for example REDIS_URL=redis://localhost:6379")
)

const rateLimit = Layer.unwrap(Effect.map(
  Config.all({
    limit: Config.withDefault(Config.Int("RATE_LIMIT"), 100),
    window: Config.withDefault(Config.Duration("RATE_WINDOW"), "10 seconds")
  }),
  RateLimit.layer
))

/** The catalogue on SQLite, and on whatever cache it is given. */
const catalogue = Layer.mergeAll(Cities.layer, Visits.layer, rateLimit).pipe(
  Layer.provideMerge(FailOpen.layer),
  Layer.provideMerge(QueryCount.layer),
  Layer.provide(SqliteCityStore.layer({ onProgress: loadingProgress }))
)

const serve = Effect.gen(function*() {
  const cache = yield* cacheConfig
  const port = yield* Config.withDefault(Config.Port("PORT"), 3000)
  const cacheLayer: Layer.Layer<CachePort, CacheError> = cache === "memory"
    ? CacheMemory.layer({ namespace: "demo" })
    : CacheRedis.layer({ url: yield* redisUrl, namespace: "demo" })

  yield* Server.listen({ port }).pipe(
    Effect.provide(Layer.provideMerge(catalogue, cacheLayer)),
    Effect.provide(Logger.layer([Logger.withConsoleError(Logger.formatLogFmt)]))
  )
})

/** A tour has a namespace of its own, so that it begins cold, and leaves nothing behind. */
const runTour = Effect.gen(function*() {
  const cache = yield* cacheConfig
  const namespace = `demo-tour-${randomUUID().slice(0, 8)}`
  const cacheLayer = cache === "memory" ? CacheMemory.layer({ namespace }) : redisToLose(yield* redisUrl, namespace)

  yield* Console.log(`\n  A catalogue of cities: SQLite, and a cache in ${cache === "memory" ? "memory" : "Redis"}`)
  yield* Effect.ensuring(tour, CachePort.use((cache) => Effect.ignore(cache.flush))).pipe(
    Effect.provide(Report.layer.pipe(Layer.provideMerge(catalogue), Layer.provideMerge(cacheLayer))),
    Effect.provide(Logger.layer([warnings]))
  )
})

/** Redis behind a proxy that the tour can cut; not over TLS, whose certificate is for another host. */
const redisToLose = (url: Redacted.Redacted, namespace: string): Layer.Layer<CachePort, CacheError> =>
  Layer.unwrap(Effect.gen(function*() {
    const parsed = URL.parse(Redacted.value(url))
    if (parsed?.protocol !== "redis:") return CacheRedis.layer({ url, namespace })
    const proxy = yield* TcpProxy.inFrontOf(parsed, 6379)
    return Layer.merge(
      CacheRedis.layer({ url: Redacted.make(proxy.url), namespace }),
      Layer.succeed(Outage, proxy.outage)
    )
  }))

const main = Effect.gen(function*() {
  const command = process.argv.slice(2).join(" ")
  if (command === "") return yield* runTour
  if (command === "serve") return yield* serve
  return yield* refuse(usage, 2)
}).pipe(
  Effect.catchTags({
    CacheError: (error) => refuse(error.message),
    ConfigError: (error) => refuse(error.message),
    ServeError: () => refuse("The port is not free")
  }),
  Effect.tapErrorTag("Refusal", ({ message }) => Console.error(message))
)

/** A server that was told to stop has done what it was asked. */
const teardown: Runtime.Teardown = (exit, onExit) =>
  Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) && process.argv[2] === "serve"
    ? onExit(0)
    : Runtime.defaultTeardown(exit, onExit)

NodeRuntime.runMain(main, { teardown })
