/** Notes the reads of the cache for one request. */
import { CachePort, intercept } from "@hexcache/cache-port"
import { Context, Effect, Exit, Layer } from "effect"

/** Where the cache found the values that it has read last, and how long the request has waited for it. */
export interface Trail {
  /** The memory of this process, or the store, which had to be waited for. Undefined while it has answered nothing. */
  from: "memory" | "store" | undefined
  /** In milliseconds. */
  waited: number
}

/** The trail of the request that a fiber works for; undefined where nobody follows it. */
export const CurrentTrail: Context.Reference<Trail | undefined> = Context.Reference<Trail | undefined>(
  "@hexcache/demo/watch/CurrentTrail",
  { defaultValue: () => undefined }
)

/**
 * The cache below, with its reads noted in the `CurrentTrail`. Belongs right above the adapter.
 *
 * An adapter with a near cache returns a hit in the same turn of the event loop, since it sends nothing. A later value
 * comes from the store.
 */
export const layer: Layer.Layer<CachePort, never, CachePort> = Layer.effect(
  CachePort,
  Effect.map(CachePort, (cache) =>
    intercept(cache, {
      // A `Cached` reads by `getMany`.
      wrap: (read, { operation }) => (operation === "getMany" ? noted(read) : read),
      wrapScan: (scan) => scan
    })
  )
)

const noted = <A, E, R>(asked: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) => {
    const trail = fiber.getRef(CurrentTrail)
    if (trail === undefined) return asked
    let from: "memory" | "store" = "memory"
    queueMicrotask(() => {
      from = "store"
    })
    const began = performance.now()
    return Effect.onExit(asked, (exit) =>
      Effect.sync(() => {
        trail.waited += performance.now() - began
        if (Exit.isSuccess(exit)) trail.from = from
      })
    )
  })
