/**
 * Everything that the page shows, at one moment.
 */
import { Breaker, FailOpen } from "@hexcache/cache-layers"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { City } from "../../domain/City.ts"
import { OwnRedis, RedisState } from "../redis/OwnRedis.ts"
import { CityWatch } from "./CityWatch.ts"
import { Favourites } from "./Favourites.ts"
import { Load, LoadOptions } from "./Load.ts"
import { Minute, Second } from "./Minute.ts"
import { Operation, operations } from "./operations.ts"
import { Ping, StoreProbe } from "./StoreProbe.ts"

const Millis = Schema.Finite
const Bytes = Schema.Int

/** Where a city's last answer came from. */
const Answer = Schema.Struct({
  source: Schema.Literals(["memory", "store", "database"]),
  /** How long it took. */
  took: Millis,
  /** For how long the answer has been known now. */
  age: Millis
})

/** The state of the demo. What is null is not known, or there is none. Times are in milliseconds. */
export const Snapshot = Schema.Struct({
  system: Schema.Literals(["memory", "redis"]),
  /** By when the cache ends every operation; 0 where it never waits. */
  deadline: Millis,
  connection: Ping,
  breaker: Schema.Literals(["closed", "open", "half-open"]),
  /** The failures of the cache behind which the program went on, since the process began. */
  cacheFailures: Schema.Int,
  entries: Schema.NullOr(Schema.Int),
  memory: Schema.Struct({ process: Bytes, redis: Schema.NullOr(Bytes) }),
  /** The process of the Redis that the demo has started. */
  ownRedis: Schema.NullOr(RedisState),
  load: Schema.NullOr(Schema.Struct({ ...LoadOptions.fields, left: Millis })),
  /** Requests that wait for their answer. */
  waiting: Schema.Int,
  /** The last 60 seconds at most, the oldest first. */
  seconds: Schema.Array(Second),
  operations: Schema.Array(Operation),
  cities: Schema.Array(Schema.Struct({ city: City, answer: Schema.NullOr(Answer) }))
})
export interface Snapshot extends Schema.Schema.Type<typeof Snapshot> {}

/** Takes snapshots. */
export class Snapshots extends Context.Service<
  Snapshots,
  {
    /** Ends by the deadline of the cache, about. */
    readonly take: Effect.Effect<Snapshot>
  }
>()("@hexcache/demo/watch/Snapshots") {
  static readonly layer: Layer.Layer<
    Snapshots,
    never,
    Breaker | CityWatch | FailOpen | Favourites | Load | Minute | StoreProbe
  > = Layer.effect(
    Snapshots,
    Effect.gen(function* () {
      const breaker = yield* Breaker
      const failOpen = yield* FailOpen
      const { shown } = yield* Favourites
      const load = yield* Load
      const minute = yield* Minute
      const probe = yield* StoreProbe
      const watch = yield* CityWatch
      const ownRedis = yield* Effect.serviceOption(OwnRedis)

      const running = () =>
        Option.map(load.running(), ({ began, requestsPerSecond, seconds }) => ({
          requestsPerSecond,
          seconds,
          left: Math.max(0, began + seconds * 1_000 - performance.now())
        }))

      const cities = () =>
        shown.map((city) => {
          const last = watch.last(city.id)
          if (last === undefined) return { city, answer: null }
          const { loadedAt, source, took } = last
          return { city: last.city, answer: { source, took, age: performance.now() - loadedAt } }
        })

      const redisMemory = Option.match(ownRedis, { onNone: () => Effect.succeedNone, onSome: ({ memory }) => memory })

      const take = Effect.gen(function* () {
        const asked = yield* Effect.all(
          { connection: probe.ping, entries: probe.entries, redisMemory, operations },
          { concurrency: "unbounded" }
        )
        return {
          system: probe.system,
          deadline: probe.deadline,
          connection: asked.connection,
          breaker: yield* breaker.state,
          cacheFailures: yield* failOpen.failures,
          entries: Option.getOrNull(asked.entries),
          memory: { process: process.memoryUsage().heapUsed, redis: Option.getOrNull(asked.redisMemory) },
          ownRedis: Option.getOrNull(Option.map(ownRedis, ({ state }) => state())),
          load: Option.getOrNull(running()),
          waiting: watch.waiting(),
          seconds: minute.seconds(),
          operations: asked.operations,
          cities: cities()
        }
      })

      return Snapshots.of({ take })
    })
  )
}
