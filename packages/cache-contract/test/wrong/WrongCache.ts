/**
 * Constructors of wrong caches.
 */
import { type CacheDriver, CachePort } from "@hexcache/cache-port"
import { type Effect, Layer } from "effect"
import type { LockableStore, Store } from "../../src/Harness.ts"
import { type Adapter, type FakeServer, fakeLockable, fakeStore } from "./FakeStore.ts"
import { type Memory, makeMemory, makeReference } from "./Reference.ts"

/** A cache with one mistake, which adapters have been seen to make. */
export interface WrongCache {
  readonly name: string
  /** The name of the chapter, or of the very law, that must catch it. */
  readonly caughtBy: string
  readonly layer: Layer.Layer<CachePort>
  /** True if the mistake is of a single millisecond, which a clock that runs does not show. */
  readonly isOfOneMillisecond?: boolean | undefined
  /** Layers of it that share a store, where the mistake shows on those. */
  readonly layerWithNamespace?: ((namespace: string) => Layer.Layer<CachePort>) | undefined
  /** How to open a store of it, where the mistake shows on a store that is out of order. */
  readonly store?: Effect.Effect<Store> | undefined
  /** How to open a store of one lock, where the mistake shows on one that is locked. */
  readonly lockable?: Effect.Effect<LockableStore> | undefined
}

/** The right driver with some operations put in place of its own. */
export const wrongDriver = (
  caughtBy: string,
  name: string,
  change: (right: CacheDriver, memory: Memory) => Partial<CacheDriver>
): WrongCache => ({
  name,
  caughtBy,
  layer: Layer.sync(CachePort, () => {
    const memory = makeMemory()
    const right = makeReference(memory)
    return CachePort.fromDriver({ ...right, ...change(right, memory) })
  })
})

/** Wrong drivers, by name, that one law must catch. */
export const brokenBy = (
  law: string,
  wrong: Record<string, Parameters<typeof wrongDriver>[2]>
): ReadonlyArray<WrongCache> => Object.entries(wrong).map(([name, change]) => wrongDriver(law, name, change))

/** A wrong driver whose mistake is of a single millisecond. */
export const wrongMillisecond = (...wrong: Parameters<typeof wrongDriver>): WrongCache => ({
  ...wrongDriver(...wrong),
  isOfOneMillisecond: true
})

/** The right port with some members put in place of its own, for mistakes above the driver. */
export const wrongPort = (
  caughtBy: string,
  name: string,
  change: (right: CachePort["Service"]) => Partial<CachePort["Service"]>
): WrongCache => ({
  name,
  caughtBy,
  layer: Layer.sync(CachePort, () => {
    const right = CachePort.fromDriver(makeReference())
    return CachePort.of({ ...right, ...change(right) })
  })
})

/** The right adapter of a store with a server, with a part of it put in place of its own. */
export const wrongStore = (
  caughtBy: string,
  name: string,
  change: (right: Adapter, server: FakeServer) => Partial<Adapter>
): WrongCache => ({
  name,
  caughtBy,
  layer: Layer.sync(CachePort, () => CachePort.fromDriver(makeReference())),
  store: fakeStore(change)
})

/** The right adapter of a store of one lock, with a part of it put in place of its own. */
export const wrongLockable = (
  caughtBy: string,
  name: string,
  change: (right: Adapter, server: FakeServer) => Partial<Adapter>
): WrongCache => ({
  name,
  caughtBy,
  layer: Layer.sync(CachePort, () => CachePort.fromDriver(makeReference())),
  lockable: fakeLockable(change)
})
