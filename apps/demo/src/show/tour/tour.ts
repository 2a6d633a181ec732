/**
 * The tour: what the cache does for the catalogue, and what the loss of the cache does to it, in figures.
 */
import { CachePort } from "@hexcache/cache-port"
import { Console, Effect, Option } from "effect"
import type { QueryCount } from "../../cities/QueryCount.ts"
import type { Cities } from "../../domain/Cities.ts"
import type { RateLimit } from "../../domain/RateLimit.ts"
import type { Visits } from "../../domain/Visits.ts"
import { loss } from "./loss.ts"
import { Outage } from "./Outage.ts"
import { Report } from "./Report.ts"
import { largestOfJapan, request, tokyo, tokyoGrows, twelveCities, visit } from "./steps.ts"

/** Goes through the catalogue and prints what it sees. Ends by itself, whatever the cache does. */
export const tour: Effect.Effect<void, never, CachePort | Cities | QueryCount | RateLimit | Report | Visits> =
  Effect.gen(function* () {
    const { hitRates, part, step, titles } = yield* Report

    const hasCache = yield* Effect.isSuccess(CachePort.use((cache) => cache.ping))
    if (!hasCache) yield* Console.log("  The cache does not answer: the tour goes on without it")

    yield* titles
    yield* part("Reads go through the cache")
    yield* step(tokyo("Tokyo, cold"))
    yield* step(tokyo("Tokyo, warm", 50))
    yield* step(largestOfJapan("Largest cities of Japan, cold"))
    yield* step(largestOfJapan("Largest cities of Japan, warm", 50))
    yield* step(twelveCities("Twelve cities, one of them warm"))
    yield* step(twelveCities("Twelve cities, warm", 20))

    yield* part("An update invalidates the city, and by its tag every ranking of its country")
    yield* step(tokyoGrows("Tokyo grows", 14_187_176))
    yield* step(tokyo("Tokyo, at once"))
    yield* step(tokyo("Tokyo, again"))
    yield* step(largestOfJapan("Largest cities of Japan, at once"))
    yield* step(largestOfJapan("Largest cities of Japan, again"))

    yield* part("The cache counts")
    yield* step(visit("Visits of Tokyo", 1_000))
    yield* step(request("A request under the rate limit"))
    yield* step(request("A client that asks too much", 200))

    yield* hitRates("Hit rate by namespace")

    const outage = yield* Effect.serviceOption(Outage)
    if (hasCache && Option.isSome(outage)) yield* Effect.provideService(loss, Outage, outage.value)
    yield* Console.log("\n  The tour is over. Every request was answered.\n")
  })
