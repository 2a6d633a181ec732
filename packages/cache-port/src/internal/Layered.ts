/**
 * Ports that stand on another port: a layer's wrapper around it.
 *
 * @internal
 */
import type { CachePort } from "../CachePort.ts"

type Service = CachePort["Service"]
type Wrap = (inner: Service) => Service

interface Layer {
  readonly inner: Service
  readonly wrap: Wrap
}

const layers = new WeakMap<Service, Layer>()

/** `inner` wrapped, in such a way that a part of the wrapped port is the wrapped part of `inner`. */
export const layered = (inner: Service, wrap: Wrap): Service => {
  const outer = wrap(inner)
  layers.set(outer, { inner, wrap })
  return outer
}

/** What a port that is a layer is made of. */
export const layerOf = (outer: Service): Layer | undefined => layers.get(outer)

/** The wrapped part of the port below, or `undefined` for a port that is no layer. */
export const partOf = (outer: Service, part: (inner: Service) => Service): Service | undefined => {
  const layer = layers.get(outer)
  return layer === undefined ? undefined : layered(part(layer.inner), layer.wrap)
}
