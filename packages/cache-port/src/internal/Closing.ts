/**
 * Writes that nobody waits for until the cache closes, so that a program that ends behind its last read has kept it.
 *
 * @internal
 */
import { Clock, Effect, Fiber } from "effect"
import type { CachePort } from "../CachePort.ts"
import { layerOf } from "./Layered.ts"
import { rootOf } from "./Origin.ts"

type Service = CachePort["Service"]

/** By the port that others are parts of, or layers around. */
const unfinished = new WeakMap<Service, Set<Fiber.Fiber<unknown>>>()

/** How long a cache that closes waits for such writes, in milliseconds. */
const patience = 200

/** The port of the driver, below parts and layers. */
const lowest = (cache: Service): Service => {
  const layer = layerOf(cache)
  if (layer !== undefined) return lowest(layer.inner)
  const root = rootOf(cache)
  return root === cache ? root : lowest(root)
}

/** Has the cache wait for a write when it closes. */
export const finishBeforeClose = (cache: Service, write: Fiber.Fiber<unknown>): void => {
  const port = lowest(cache)
  let writes = unfinished.get(port)
  if (writes === undefined) {
    writes = new Set()
    unfinished.set(port, writes)
  }
  writes.add(write)
  write.addObserver(() => writes.delete(write))
}

/** Waits for the writes of a port that is made on a driver, in real time, for 200 ms at most. */
export const finishWrites = (port: Service): Effect.Effect<void> =>
  Effect.suspend(() => {
    const writes = Array.from(unfinished.get(port) ?? [])
    if (writes.length === 0) return Effect.void
    return Effect.forEach(writes, Fiber.await, { concurrency: "unbounded", discard: true }).pipe(
      Effect.timeoutOption(patience),
      Effect.provideService(Clock.Clock, Clock.Clock.defaultValue()),
      Effect.asVoid
    )
  })
