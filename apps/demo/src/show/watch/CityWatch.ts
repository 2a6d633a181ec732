/**
 * How requests for cities are answered.
 */
import { Context, Effect, Exit, Layer } from "effect"
import { Cities } from "../../domain/Cities.ts"
import type { City, CityId } from "../../domain/City.ts"
import { LoadTimes } from "./LoadTimes.ts"
import { CurrentTrail, type Trail } from "./Trail.ts"

/** The source of a value: the cache from this process's memory, the cache from its store, or the database. */
export type Source = "memory" | "store" | "database"

/** The last answer for a city. Instants are milliseconds of `performance.now()`. */
export interface LastAnswer {
  readonly city: City
  readonly source: Source
  /** How long it took, in milliseconds. */
  readonly took: number
  /** When the database gave the value. */
  readonly loadedAt: number
}

/** The outcomes of the requests within a time. */
export interface Tally {
  readonly sources: Readonly<Record<Source, number>>
  /** Requests that died. That there is no such city is an answer. */
  readonly failed: number
  /** The longest request that has ended or is waiting still, in milliseconds. */
  readonly longest: number
  /** The longest that a request which has ended waited for the cache. */
  readonly waited: number
  /** The longest that a request was without the cache's answer when it ended: by the database, and the wait for it. */
  readonly lookup: number
}

interface Request {
  readonly began: number
  readonly trail: Trail
}

/** Watches every request for a city, whoever makes it. */
export class CityWatch extends Context.Service<
  CityWatch,
  {
    /** The last answer for a city; undefined when nobody has asked. */
    readonly last: (id: CityId) => LastAnswer | undefined
    /** The number of requests that wait for their response now. */
    readonly waiting: () => number
    /** Takes the outcomes of the requests since the last call. */
    readonly take: () => Tally
  }
>()("@hexcache/demo/watch/CityWatch") {
  /** Wraps the catalogue in one that watches it. */
  static readonly layer: Layer.Layer<Cities | CityWatch, never, Cities | LoadTimes> = Layer.effectContext(
    Effect.gen(function* () {
      const cities = yield* Cities
      const loadTimes = yield* LoadTimes
      const waiting = new Set<Request>()
      const last = new Map<CityId, LastAnswer>()
      let counts = empty()

      const end = (id: CityId, request: Request, exit: Exit.Exit<City, { readonly _tag: "CityNotFound" }>): void => {
        waiting.delete(request)
        const took = performance.now() - request.began
        counts.longest = Math.max(counts.longest, took)
        counts.waited = Math.max(counts.waited, request.trail.waited)
        if (Exit.isFailure(exit)) {
          if (Exit.hasDies(exit)) counts.failed++
          return
        }
        const loadedAt = loadTimes.of(id) ?? request.began
        // Without a read of the cache, the value was on its way there, and taken from this process.
        const source = loadedAt >= request.began ? "database" : (request.trail.from ?? "memory")
        counts.sources[source]++
        if (source === "database") counts.lookup = Math.max(counts.lookup, took - request.trail.waited)
        last.set(id, { city: exit.value, source, took, loadedAt })
      }

      const watch = Context.make(CityWatch, {
        last: (id) => last.get(id),
        waiting: () => waiting.size,
        take: () => {
          const [oldest] = waiting
          const taken = counts
          counts = empty()
          return oldest === undefined
            ? taken
            : { ...taken, longest: Math.max(taken.longest, performance.now() - oldest.began) }
        }
      })

      return Context.add(watch, Cities, {
        ...cities,
        byId: (id) =>
          Effect.suspend(() => {
            const request: Request = { began: performance.now(), trail: { from: undefined, waited: 0 } }
            waiting.add(request)
            return cities.byId(id).pipe(
              Effect.provideService(CurrentTrail, request.trail),
              Effect.onExit((exit) => Effect.sync(() => end(id, request, exit)))
            )
          })
      })
    })
  )
}

const empty = () => ({ sources: { memory: 0, store: 0, database: 0 }, failed: 0, longest: 0, waited: 0, lookup: 0 })
