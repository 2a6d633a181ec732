/**
 * What a wrong cache is made of.
 */
import { type CacheDriver, CachePort } from "@hexcache/cache-port"
import { Layer } from "effect"
import { type Memory, makeMemory, makeReference } from "./Reference.ts"

/** A cache with one mistake, which adapters have been seen to make, and the chapter that must catch it. */
export interface WrongDriver {
  readonly name: string
  readonly caughtBy: string
  readonly layer: Layer.Layer<CachePort>
}

/** The right driver with some operations put in place of its own. */
export const wrongDriver = (
  caughtBy: string,
  name: string,
  change: (right: CacheDriver, memory: Memory) => Partial<CacheDriver>
): WrongDriver => ({
  name,
  caughtBy,
  layer: Layer.sync(CachePort, () => {
    const memory = makeMemory()
    const right = makeReference(memory)
    return CachePort.fromDriver({ ...right, ...change(right, memory) })
  })
})

/** The right port with some members put in place of its own, for mistakes above the driver. */
export const wrongPort = (
  caughtBy: string,
  name: string,
  change: (right: CachePort["Service"]) => Partial<CachePort["Service"]>
): WrongDriver => ({
  name,
  caughtBy,
  layer: Layer.sync(CachePort, () => {
    const right = CachePort.fromDriver(makeReference())
    return CachePort.of({ ...right, ...change(right) })
  })
})
