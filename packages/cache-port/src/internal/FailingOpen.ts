/**
 * Layers that fail open, for code that must know of failures whatever cache it was given.
 *
 * @internal
 */
import type { CachePort } from "../CachePort.ts"
import { layered, layerOf } from "./Layered.ts"
import type { SwallowedFailures } from "./SwallowedFailures.ts"

type Service = CachePort["Service"]

/** The cache below the layers that fail open, with every other layer around it. */
interface Strict {
  readonly strict: Service
  readonly swallowed: SwallowedFailures
}

const swallowedBy = new WeakMap<Service, SwallowedFailures>()

/** `outer`, a layer that fails open and counts the failures. */
export const failingOpen = (outer: Service, swallowed: SwallowedFailures): Service => {
  swallowedBy.set(outer, swallowed)
  return outer
}

/** Undefined for a cache that does not fail open, or does so by other means than `FailOpen.layer`. */
export const strictOf = (cache: Service): Strict | undefined => {
  const layer = layerOf(cache)
  if (layer === undefined) return undefined
  const swallowed = swallowedBy.get(cache)
  if (swallowed !== undefined) return { strict: layer.inner, swallowed }
  const below = strictOf(layer.inner)
  return below === undefined ? undefined : { strict: layered(below.strict, layer.wrap), swallowed: below.swallowed }
}
