/** Caches as a trace sees them: each counts the hits among the accesses, read through (a get, and on a miss a set). */
import { CacheMemory } from "@hexcache/cache-memory"
import { CachePort } from "@hexcache/cache-port"
import { Effect, Option } from "effect"

/** Keys in the order of access. */
export type Trace = Uint32Array

/** Counts the hits in a cache of so many entries. */
export type CountHits = (trace: Trace, entries: number) => number

/** The least recently used goes first. */
export const lru: CountHits = (trace, entries) => {
  const held = new Set<number>()
  let hits = 0
  for (const key of trace) {
    if (held.delete(key)) hits++
    held.add(key)
    if (held.size > entries) held.delete(held.values().next().value as number)
  }
  return hits
}

/** The memory driver, through the port. */
export const hexcache: CountHits = (trace, entries) =>
  CachePort.pipe(
    Effect.flatMap((cache) => {
      let hits = 0
      let next = 0
      return Effect.map(
        Effect.whileLoop({
          while: () => next < trace.length,
          body: () => {
            const key = `${trace[next++]}`
            return Effect.flatMap(cache.get(key), (value) => {
              if (Option.isNone(value)) return cache.set(key, "value")
              hits++
              return Effect.void
            })
          },
          step: () => {}
        }),
        () => hits
      )
    }),
    Effect.provide(CacheMemory.layer({ maxEntries: entries })),
    Effect.runSync
  )

/**
 * The best possible for a cache that stores what it missed (Belady): what is used again last goes first.
 */
export const best: CountHits = (trace, entries) => {
  const nextUse = nextUses(trace)
  const heldSince = new Map<number, number>()
  const lastUsedAgain = new LatestFirst(nextUse)
  let hits = 0
  for (let at = 0; at < trace.length; at++) {
    const key = trace[at] as number
    if (heldSince.has(key)) hits++
    else if (heldSince.size >= entries) heldSince.delete(lastHeld(trace, heldSince, lastUsedAgain))
    heldSince.set(key, at)
    lastUsedAgain.add(at)
  }
  return hits
}

/** For each access, the place of the next one of the same key. */
const nextUses = (trace: Trace): Float64Array => {
  const next = new Float64Array(trace.length)
  const places = new Map<number, number>()
  for (let at = trace.length - 1; at >= 0; at--) {
    const key = trace[at] as number
    next[at] = places.get(key) ?? Infinity
    places.set(key, at)
  }
  return next
}

/** The held key that is used again last. An access that another of its key followed says nothing any more. */
const lastHeld = (trace: Trace, heldSince: ReadonlyMap<number, number>, queue: LatestFirst): number => {
  for (;;) {
    const at = queue.take()
    const key = trace[at] as number
    if (heldSince.get(key) === at) return key
  }
}

/** A heap of accesses, the one with the latest next use first. */
class LatestFirst {
  readonly #nextUse: Float64Array
  readonly #heap: Array<number> = []

  constructor(nextUse: Float64Array) {
    this.#nextUse = nextUse
  }

  add(access: number): void {
    let place = this.#heap.length
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (this.#useAt(parent) >= (this.#nextUse[access] as number)) break
      this.#heap[place] = this.#heap[parent] as number
      place = parent
    }
    this.#heap[place] = access
  }

  take(): number {
    const first = this.#heap[0] as number
    const last = this.#heap.pop() as number
    const size = this.#heap.length
    if (size === 0) return first
    let place = 0
    for (let child = 1; child < size; child = 2 * place + 1) {
      if (child + 1 < size && this.#useAt(child + 1) > this.#useAt(child)) child++
      if (this.#useAt(child) <= (this.#nextUse[last] as number)) break
      this.#heap[place] = this.#heap[child] as number
      place = child
    }
    this.#heap[place] = last
    return first
  }

  #useAt(place: number): number {
    return this.#nextUse[this.#heap[place] as number] as number
  }
}
