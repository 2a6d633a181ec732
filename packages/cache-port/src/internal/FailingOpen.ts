/**
 * Layers that fail open, for code that must know of failures whatever cache it was given.
 *
 * @internal
 */
import type { CachePort } from "../CachePort.ts"
import type { FailureNote } from "./FailureNote.ts"
import { layered, layerOf } from "./Layered.ts"

type Service = CachePort["Service"]

/** The cache below the layers that fail open, with every other layer around it. */
interface Strict {
  readonly strict: Service
  readonly note: FailureNote
}

const notes = new WeakMap<Service, FailureNote>()

/** `outer`, a layer that fails open and notes the failures. */
export const failingOpen = (outer: Service, note: FailureNote): Service => {
  notes.set(outer, note)
  return outer
}

/** Undefined for a cache that does not fail open, or does so by other means than `FailOpen.layer`. */
export const strictOf = (cache: Service): Strict | undefined => {
  const layer = layerOf(cache)
  if (layer === undefined) return undefined
  const note = notes.get(cache)
  if (note !== undefined) return { strict: layer.inner, note }
  const below = strictOf(layer.inner)
  return below === undefined ? undefined : { strict: layered(below.strict, layer.wrap), note: below.note }
}
