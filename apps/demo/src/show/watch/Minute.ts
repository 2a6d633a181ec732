/**
 * The last minute, second by second.
 */
import { monitorEventLoopDelay } from "node:perf_hooks"
import type { CacheStats } from "@hexcache/cache-port"
import { Context, Effect, Layer, Schedule, Schema } from "effect"
import { catalogueStats } from "../../domain/catalogueStats.ts"
import { CityWatch } from "./CityWatch.ts"
import { StoreProbe } from "./StoreProbe.ts"

const Count = Schema.Int
const Millis = Schema.Finite

/** The events of one second. Times are in milliseconds. */
export const Second = Schema.Struct({
  /** Its number; the first one of the process is 1. */
  number: Count,
  /** Requests that ended, by who answered. */
  sources: Schema.Struct({ memory: Count, store: Count, database: Count }),
  failed: Count,
  /** The longest that a request took, or has been waiting for its answer. */
  longest: Millis,
  /** The longest that a request waited for the cache. */
  waited: Millis,
  /** The longest part of a request that was the database's, and the wait for it. */
  lookup: Millis,
  /** The longest that the event loop stood still, in this second and the one before; deadlines are late by as much. */
  stall: Millis,
  /** The sum of the cache's deadline, the lookup and the lateness of the event loop: no request takes longer. */
  promised: Millis,
  /** The counts of `Cached` for cities: hits, and misses. */
  hits: Count,
  misses: Count
})
export interface Second extends Schema.Schema.Type<typeof Second> {}

/** Keeps the last 60 seconds. */
export class Minute extends Context.Service<
  Minute,
  {
    /** The seconds that are over, the oldest first. */
    readonly seconds: () => ReadonlyArray<Second>
  }
>()("@hexcache/demo/watch/Minute") {
  static readonly layer: Layer.Layer<Minute, never, CityWatch | StoreProbe> = Layer.effect(
    Minute,
    Effect.gen(function* () {
      const watch = yield* CityWatch
      const { deadline } = yield* StoreProbe
      const loop = monitorEventLoopDelay({ resolution })
      loop.enable()
      yield* Effect.addFinalizer(() => Effect.sync(() => loop.disable()))

      let seconds: ReadonlyArray<Second> = []
      let statsBefore = yield* cityStats
      let stallBefore = 0

      const endSecond = Effect.gen(function* () {
        const stats = yield* cityStats
        const tally = watch.take()
        const stallNow = Math.max(0, loop.max / 1e6 - resolution)
        const stall = Math.max(stallNow, stallBefore)
        const second: Second = {
          ...tally,
          number: (seconds.at(-1)?.number ?? 0) + 1,
          stall,
          promised: deadline + tally.lookup + stall,
          hits: stats.hits - statsBefore.hits,
          misses: stats.misses - statsBefore.misses
        }
        loop.reset()
        statsBefore = stats
        stallBefore = stallNow
        seconds = [...seconds.slice(-59), second]
      })
      yield* Effect.forkScoped(Effect.repeat(Effect.delay(endSecond, "1 second"), Schedule.forever))

      return Minute.of({ seconds: () => seconds })
    })
  )
}

/** How often the event loop is looked at, in milliseconds; its histogram counts that as delay too. */
const resolution = 5

const nothing: CacheStats.NamespaceStats = { hits: 0, misses: 0, errors: 0, hitRate: 0 }

const cityStats = Effect.map(catalogueStats, (stats) => stats.get("city") ?? nothing)
