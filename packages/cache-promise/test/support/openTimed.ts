/** Caches whose time is a test's own. */
import { CachePort } from "@hexcache/cache-port"
import { MapStore } from "@hexcache/cache-port/test-support/MapStore"
import { Clock, Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import { CachePromise } from "../../src/index.ts"

/** A store, and processes that share it: each has a cache of its own on it. */
export const openTimed = async () => {
  const store = new MapStore()
  const clock = await Effect.runPromise(Effect.scoped(TestClock.make()))
  const open = () =>
    CachePromise.open(
      Layer.sync(CachePort, () => CachePort.fromDriver(store.driver)).pipe(
        Layer.provideMerge(Layer.merge(Layer.succeed(Clock.Clock, clock), Logger.layer([])))
      )
    )
  return { store, open, cache: await open(), pass: (millis: number) => Effect.runPromise(clock.adjust(millis)) }
}

/** A source that counts its lookups, and fails while it has an error. */
export class Source {
  lookups: Array<number> = []
  error: unknown
  version = 1
  readonly find = async (id: number) => {
    this.lookups.push(id)
    if (this.error !== undefined) throw this.error
    return { id, name: `user ${id} v${this.version}` }
  }
}
