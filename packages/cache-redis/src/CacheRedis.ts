/**
 * The Redis adapter: the port on one Redis, by node-redis.
 */
import { CacheError, CachePort, type FromDriverOptions, InvalidArgument } from "@hexcache/cache-port"
import { Config, Duration, Effect, Layer, Redacted, type Scope } from "effect"
import { Connection, type ConnectionEvent } from "./Connection.ts"
import * as RedisDriver from "./RedisDriver.ts"
import * as RedisUrl from "./RedisUrl.ts"
import * as Router from "./Router.ts"

/** Which Redis, whose keys, and how long to wait for it. */
export interface CacheRedisOptions extends FromDriverOptions {
  /**
   * `redis[s]://[[user][:password]@]host[:port][/database]` or `unix://[[user][:password]@]/path[?db=database]`, as
   * registered at https://www.iana.org/assignments/uri-schemes/prov/redis. Port 6379 and database 0 unless given.
   */
  readonly url: string | Redacted.Redacted<string>
  /** The keys' namespace; a part of the database, or empty for the whole of it. */
  readonly namespace: string
  /**
   * By when every operation has ended, 1 ms to 1 hour; for one of several round trips, each of them. 250 ms unless
   * given.
   */
  readonly commandTimeout?: Duration.Input | undefined
  /** By when connection, TLS, authentication and choice of the database are done, 1 ms to 1 hour. 1 s unless given. */
  readonly connectTimeout?: Duration.Input | undefined
  /** How many commands may wait for their answers, a positive integer. 10,000 unless given. */
  readonly maxPending?: number | undefined
}

/**
 * A cache on one Redis.
 *
 * Builds within 100 ms, whether the server is there or not. Without a ready connection operations fail at once with
 * `Unavailable` (`AccessDenied` where the server refused us), and nothing is queued for later. Every operation ends by
 * its deadline, no write is sent twice, and a connection that is silent or in doubt is replaced. Closing the layer's
 * scope takes at most 500 ms. Changes of the connection's state are logged at warning level.
 *
 * Fails with `InvalidArgument` on options out of range; nothing of the URL is quoted.
 *
 * @example
 * ```ts
 * program.pipe(Effect.provide(CacheRedis.layer({ url: "redis://localhost:6379", namespace: "shop" })))
 * ```
 */
export const layer = (options: CacheRedisOptions): Layer.Layer<CachePort, CacheError> =>
  CachePort.layerFromDriver(
    Effect.map(connect(options), (connection) => RedisDriver.make(Router.single(connection))),
    options
  )

/**
 * As `layer`, with its options from Effect's `Config`.
 *
 * @example
 * ```ts
 * CacheRedis.layerConfig({
 *   url: Config.Redacted("REDIS_URL"),
 *   namespace: Config.succeed("shop")
 * })
 * ```
 */
export const layerConfig = (
  options: Config.Wrap<CacheRedisOptions>
): Layer.Layer<CachePort, CacheError | Config.ConfigError> => Layer.unwrap(Effect.map(Config.unwrap(options), layer))

/** What the layer waits for its first connection, in milliseconds, so that the first operations find one. */
const startTimeout = 80

const connect = (options: CacheRedisOptions): Effect.Effect<Connection, CacheError, Scope.Scope> =>
  Effect.gen(function* () {
    const connectionOptions = yield* Effect.try({
      try: () => {
        const endpoint = RedisUrl.parse(Redacted.isRedacted(options.url) ? Redacted.value(options.url) : options.url)

        return {
          endpoint: () => endpoint,
          commandTimeout: millis("commandTimeout", options.commandTimeout, 250),
          connectTimeout: millis("connectTimeout", options.connectTimeout, 1_000),
          maxPending: positiveInteger("maxPending", options.maxPending, 10_000)
        }
      },
      catch: (thrown) => refused(thrown instanceof RangeError ? thrown.message : "the options cannot be read")
    })
    const context = yield* Effect.context()
    const report = (event: ConnectionEvent) => Effect.runForkWith(context)(log(event))
    return yield* Effect.acquireRelease(
      Effect.tap(
        Effect.sync(() => new Connection({ ...connectionOptions, report })),
        (connection) => Effect.promise(() => connection.start(startTimeout))
      ),
      (connection) => Effect.promise(() => connection.close())
    )
  })

const log = (event: ConnectionEvent): Effect.Effect<void> =>
  event._tag === "ReadyAgain"
    ? Effect.logWarning("cache-redis: connected again")
    : Effect.logWarning(`cache-redis: ${event.failure.reason.message} (${event.failure.reason._tag}); connecting anew`)

const refused = (message: string): CacheError =>
  new CacheError({ operation: "layer", reason: new InvalidArgument({ message }) })

const millis = (name: string, input: Duration.Input | undefined, otherwise: number): number => {
  if (input === undefined) return otherwise
  const duration = Duration.fromInput(input)
  const millis = duration._tag === "None" ? NaN : Duration.toMillis(duration.value)
  if (millis >= 1 && millis <= 3_600_000) return Math.ceil(millis)
  throw new RangeError(`${name} is a duration from 1 millisecond to 1 hour`)
}

const positiveInteger = (name: string, input: number | undefined, otherwise: number): number => {
  if (input === undefined) return otherwise
  if (Number.isSafeInteger(input) && input > 0) return input
  throw new RangeError(`${name} is a positive integer`)
}
