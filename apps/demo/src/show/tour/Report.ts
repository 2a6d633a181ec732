/** Prints the tour. */
import { FailOpen } from "@hexcache/cache-layers"
import { CacheStats } from "@hexcache/cache-port"
import { Context, Duration, Effect, Layer } from "effect"
import { QueryCount } from "../../cities/QueryCount.ts"
import { catalogueStats } from "../../domain/catalogueStats.ts"
import { count, percent, time } from "../console/figures.ts"
import { heading, table } from "../console/table.ts"

/** Something that the tour does and shows. */
export interface Step<A, R = never> {
  readonly operation: string
  readonly run: Effect.Effect<A, never, R>
  readonly show: (answer: A) => string
  /** The number of records that it reads; 0 where only the cache has the value. Defaults to 1. */
  readonly records?: number | undefined
  /** How often it runs; the time shown is the median. Once unless given. */
  readonly times?: number | undefined
}

/** Runs steps and prints a row for each. */
export class Report extends Context.Service<
  Report,
  {
    /** Prints what the columns of the steps are. */
    readonly titles: Effect.Effect<void>
    /** Begins a part of the tour. */
    readonly part: (text: string) => Effect.Effect<void>
    /** Runs a step and prints its row. Returns the result of its last run. */
    readonly step: <A, R>(step: Step<A, R>) => Effect.Effect<A, never, R>
    /** Prints hits and misses of the catalogue's namespaces since the last time it did, and counts anew. */
    readonly hitRates: (text: string) => Effect.Effect<void>
  }
>()("@hexcache/demo/tour/Report") {
  static readonly layer: Layer.Layer<Report, never, FailOpen | QueryCount> = Layer.effect(
    Report,
    Effect.gen(function* () {
      const { current } = yield* QueryCount
      const { failures } = yield* FailOpen
      const asked = Effect.all({ records: Effect.map(current, ({ records }) => records), failures })

      const steps = table([
        { title: "Operation", width: 38 },
        { title: "Answer", width: 26 },
        { title: "Answered from", width: 20 },
        { title: "Runs", width: 5, align: "right" },
        { title: "Median", width: 8, align: "right" }
      ])
      const rates = table([
        { title: "Namespace", width: 12 },
        { title: "Hits", width: 8, align: "right" },
        { title: "Misses", width: 8, align: "right" },
        { title: "Errors", width: 8, align: "right" },
        { title: "Hit rate", width: 10, align: "right" }
      ])

      return Report.of({
        titles: steps.titles,

        part: heading,

        step: Effect.fnUntraced(function* ({ operation, records = 1, run, show, times = 1 }) {
          const before = yield* asked
          const first = yield* Effect.timed(run)
          const others = yield* Effect.replicateEffect(Effect.timed(run), times - 1)
          const after = yield* asked
          const [, answer] = others.at(-1) ?? first
          yield* steps.row([
            operation,
            show(answer),
            source(records * times, after.records - before.records, after.failures - before.failures),
            count(times),
            time(median([first, ...others].map(([took]) => took)))
          ])
          return answer
        }),

        hitRates: Effect.fnUntraced(function* (text) {
          yield* heading(text)
          yield* rates.titles
          for (const [name, { errors, hitRate, hits, misses }] of yield* catalogueStats) {
            if (hits + misses + errors === 0) continue
            const rate = hits + misses === 0 ? "–" : percent(hitRate)
            yield* rates.row([name, count(hits), count(misses), count(errors), rate])
          }
          yield* CacheStats.reset
        })
      })
    })
  )
}

/** Names the source of a value, by the records read from the database and the failures of the cache. */
const source = (records: number, fromDatabase: number, failures: number): string => {
  if (records === 0) return failures === 0 ? "cache" : "nobody"
  if (fromDatabase === 0) return "cache"
  return fromDatabase >= records ? "database" : `cache ${records - fromDatabase}, database ${fromDatabase}`
}

const median = (durations: ReadonlyArray<Duration.Duration>): Duration.Duration =>
  durations.toSorted(Duration.Order)[Math.floor(durations.length / 2)] ?? Duration.zero
