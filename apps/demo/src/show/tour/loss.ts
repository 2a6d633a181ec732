/**
 * The part of the tour in which the cache's server is lost and comes back.
 */
import { CachePort } from "@hexcache/cache-port"
import { Console, Effect, Exit, Schedule } from "effect"
import { QueryCount } from "../../cities/QueryCount.ts"
import type { Cities } from "../../domain/Cities.ts"
import type { RateLimit } from "../../domain/RateLimit.ts"
import type { Visits } from "../../domain/Visits.ts"
import { time } from "../console/figures.ts"
import { Outage } from "./Outage.ts"
import { Report, type Step } from "./Report.ts"
import { largestOfJapan, request, tokyo, tokyoGrows, visit } from "./steps.ts"

/** Freezes the server, cuts it off, brings it back, and prints how requests are answered meanwhile. */
export const loss: Effect.Effect<void, never, CachePort | Cities | Outage | QueryCount | RateLimit | Report | Visits> =
  Effect.gen(function* () {
    const outage = yield* Outage
    const { hitRates, part, step } = yield* Report

    yield* part("The cache's server freezes: it takes everything and answers nothing")
    yield* outage.freeze
    yield* step(tokyo("Tokyo, after the cache's deadline"))
    yield* step(tokyo("Tokyo, from then on", 20))

    yield* part("The cache's server is gone: connections are refused")
    yield* outage.cut
    yield* step(tokyo("Tokyo", 20))
    yield* step(largestOfJapan("Largest cities of Japan", 20))
    yield* step(tokyoGrows("Tokyo grows, which the cache misses", 15_000_000))
    yield* step(visit("A visit"))
    yield* step(request("A request under the rate limit"))
    yield* hitRates("Hit rate while the server was lost")

    yield* outage.restore
    const [took, back] = yield* Effect.timed(Effect.exit(isBack))
    if (Exit.isFailure(back))
      return yield* Console.log(`\n  The cache's server did not come back within ${time(took)}.`)
    yield* part(`The cache's server is back: connected again after ${time(took)}`)
    yield* step(tokyo("Tokyo, never the old population"))
    yield* untilWarm(tokyo(""))
    yield* step(tokyo("Tokyo, warm again", 50))
    yield* step(largestOfJapan("Largest cities of Japan"))
    yield* untilWarm(largestOfJapan(""))
    yield* step(largestOfJapan("Largest cities of Japan, warm again", 50))
    yield* step(visit("A visit"))
    yield* hitRates("Hit rate since the server is back")
  })

const isBack = Effect.retry(
  CachePort.use((cache) => cache.ping),
  { schedule: Schedule.spaced("20 millis"), times: 250 }
)

/** Repeats a step until it needs no database query. Each try is a miss, so tries are few, however slow the machine. */
const untilWarm = <A, R>({ run }: Step<A, R>) =>
  Effect.gen(function* () {
    const { current } = yield* QueryCount
    const { queries } = yield* current
    yield* run
    return (yield* current).queries === queries
  }).pipe(Effect.repeat({ until: (isWarm) => isWarm, schedule: Schedule.spaced("100 millis"), times: 20 }))
