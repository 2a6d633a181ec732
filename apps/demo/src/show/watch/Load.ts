/**
 * A load, as visitors would make it.
 */
import { Context, Effect, FiberHandle, Layer, Option, Random, Schema } from "effect"
import { Cities } from "../../domain/Cities.ts"
import { Favourites } from "./Favourites.ts"

/** The rate of requests, and their duration. */
export const LoadOptions = Schema.Struct({
  requestsPerSecond: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 200 })),
  seconds: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 300 }))
})
export interface LoadOptions extends Schema.Schema.Type<typeof LoadOptions> {}

/** A load that runs. */
export interface RunningLoad extends LoadOptions {
  /** When it began, in milliseconds of `performance.now()`. */
  readonly began: number
}

/** Asks for large cities, the largest most often, each request beginning at its time whether others have ended or not. */
export class Load extends Context.Service<
  Load,
  {
    /** Begins a load, in place of one that runs. */
    readonly start: (options: LoadOptions) => Effect.Effect<void>
    /** Ends the load, and the requests that wait. */
    readonly stop: Effect.Effect<void>
    /** The load that runs. */
    readonly running: () => Option.Option<RunningLoad>
  }
>()("@hexcache/demo/watch/Load") {
  /** Its load ends with the layer's scope. */
  static readonly layer: Layer.Layer<Load, never, Cities | Favourites> = Layer.effect(
    Load,
    Effect.gen(function* () {
      const cities = yield* Cities
      const { ids } = yield* Favourites
      const handle = yield* FiberHandle.make()
      let running = Option.none<RunningLoad>()

      const ask = Effect.gen(function* () {
        // Squared, so that the chance falls with the rank.
        const place = Math.floor((yield* Random.next) ** 2 * ids.length)
        yield* Effect.option(cities.byId(ids[place] as (typeof ids)[number]))
      })

      /** Each request has its time, counted from the begin: one that comes late makes no other later. */
      const run = Effect.fnUntraced(function* ({ began, requestsPerSecond, seconds }: RunningLoad) {
        for (let asked = 0; asked < requestsPerSecond * seconds; asked++) {
          const due = began + (asked * 1_000) / requestsPerSecond
          yield* Effect.sleep(Math.max(0, due - performance.now()))
          yield* Effect.forkChild(ask)
        }
      }, Effect.awaitAllChildren)

      const begun = (load: RunningLoad) =>
        Effect.ensuring(
          Effect.suspend(() => {
            running = Option.some(load)
            return run(load)
          }),
          Effect.sync(() => {
            if (Option.contains(running, load)) running = Option.none()
          })
        )

      return Load.of({
        start: (options) =>
          Effect.suspend(() => Effect.asVoid(FiberHandle.run(handle, begun({ ...options, began: performance.now() })))),
        stop: FiberHandle.clear(handle),
        running: () => running
      })
    })
  )
}
