/**
 * The end of a cache, behind its last write.
 *
 * @internal
 */
import { Clock, Effect, Fiber } from "effect"
import type { CacheOperations } from "../CacheOperations.ts"
import { internalsOf } from "./PortInternals.ts"

/** The longest time that a cache waits for background writes before it closes, in milliseconds. */
const patience = 200

/** Waits for the background writes of a port on a driver, in real time, at most 200 ms. */
export const finishWrites = (port: CacheOperations): Effect.Effect<void> =>
  Effect.suspend(() => {
    const writes = Array.from(internalsOf(port).source?.writes ?? [])
    if (writes.length === 0) return Effect.void
    return Effect.forEach(writes, Fiber.await, { concurrency: "unbounded", discard: true }).pipe(
      Effect.timeoutOption(patience),
      Effect.provideService(Clock.Clock, Clock.Clock.defaultValue()),
      Effect.asVoid
    )
  })
