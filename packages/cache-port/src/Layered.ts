/**
 * Ports that stand on another port: a layer's wrapper around it.
 *
 * @internal
 */
import type { CachePort } from "./CachePort.ts"

type Service = CachePort["Service"]
type Wrap = (inner: Service) => Service

const layers = new WeakMap<Service, { readonly inner: Service; readonly wrap: Wrap }>()

/** `inner` wrapped, in such a way that a part of the wrapped port is the wrapped part of `inner`. */
export const layered = (inner: Service, wrap: Wrap): Service => {
  const outer = wrap(inner)
  layers.set(outer, { inner, wrap })
  return outer
}

/** The wrapped part of the port below, or `undefined` for a port that is no layer. */
export const partOf = (outer: Service, part: (inner: Service) => Service): Service | undefined => {
  const layer = layers.get(outer)
  return layer === undefined ? undefined : layered(part(layer.inner), layer.wrap)
}
