/** Reads the environment and the arguments. */
import { parseArgs } from "node:util"
import { Config, Data, Duration, Effect, Option, Redacted, Runtime, Schema } from "effect"

const usage = `Usage: pnpm demo                  a tour of the catalogue, which ends by itself
       pnpm demo serve            the catalogue over HTTP, with a live page, on loopback
         --port <port>            PORT, or 3000, unless given; 0 takes a free one
         --redis                  starts a Redis of its own, with buttons to freeze, kill and restart it

Environment:
  CACHE         memory (default) or redis
  REDIS_URL     the Redis of CACHE=redis, for example redis://localhost:6379
  REDIS_TIMEOUT by when Redis has answered, 250 millis unless given
  PORT          the port of serve
  RATE_LIMIT    requests that a client may send in RATE_WINDOW, 100 unless given
  RATE_WINDOW   10 seconds unless given`

/** Why nothing was started, in one line. */
export class Refusal extends Data.TaggedError("Refusal")<{ readonly message: string; readonly exitCode: number }> {
  override readonly [Runtime.errorReported] = false
  override readonly [Runtime.errorExitCode] = this.exitCode
}

/** With the status that the process ends with, 1 unless given. */
export const refuse = (message: string, exitCode = 1): Refusal => new Refusal({ message, exitCode })

/** 0 takes a free port. */
const Port = Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 0, maximum: 65_535 }))

/** `PORT`. */
export const portConfig = Config.withDefault(Config.schema(Port, "PORT"), 3000)

/** `CACHE`. */
export const cacheConfig = Config.withDefault(Config.Literals(["memory", "redis"], "CACHE"), "memory")

/** `REDIS_URL`, which may hold a password. */
export const redisUrl = Effect.filterOrFail(
  Effect.map(
    Config.option(Config.Redacted("REDIS_URL")),
    Option.getOrElse(() => Redacted.make(""))
  ),
  (url) => Redacted.value(url) !== "",
  () => refuse("CACHE=redis needs REDIS_URL, for example REDIS_URL=redis://localhost:6379")
)

/** `REDIS_TIMEOUT`: by when Redis has answered, in milliseconds. */
export const redisTimeout = Config.map(
  Config.withDefault(Config.Duration("REDIS_TIMEOUT"), Duration.millis(250)),
  Duration.toMillis
)

/** `RATE_LIMIT` and `RATE_WINDOW`. */
export const rateLimit = Config.all({
  limit: Config.withDefault(Config.Int("RATE_LIMIT"), 100),
  window: Config.withDefault(Config.Duration("RATE_WINDOW"), Duration.seconds(10))
}).pipe(
  Effect.filterOrFail(
    ({ window }) => Duration.isPositive(window),
    () => refuse("RATE_WINDOW is over zero")
  )
)

/** How to serve. */
export interface ServeOptions {
  /** `--port`; that of `portConfig` unless given. */
  readonly port: number | undefined
  /** `--redis`: with a Redis of its own. */
  readonly withRedis: boolean
}

/** The arguments of `serve`. Refuses anything else. */
export const serveOptions = (args: ReadonlyArray<string>): Effect.Effect<ServeOptions, Refusal> =>
  Effect.gen(function* () {
    const { positionals, values } = yield* Effect.try(() =>
      parseArgs({
        args: [...args],
        allowPositionals: true,
        options: { port: { type: "string" }, redis: { type: "boolean", default: false } }
      })
    )
    yield* Schema.decodeUnknownEffect(Schema.Tuple([Schema.Literal("serve")]))(positionals)
    const port = yield* Schema.decodeUnknownEffect(Schema.UndefinedOr(Port))(values.port)
    return { port, withRedis: values.redis }
  }).pipe(Effect.mapError(() => refuse(usage, 2)))
