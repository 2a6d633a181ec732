/**
 * The namespace of a port, for what reports of it.
 *
 * @internal
 */
import type { CachePort } from "../CachePort.ts"
import { layerOf } from "./Layered.ts"

type Service = CachePort["Service"]

const namespaces = new WeakMap<Service, string>()

/** `port`, known by its namespace. */
export const named = (port: Service, namespace: string): Service => {
  namespaces.set(port, namespace)
  return port
}

/** The namespace of a port, through the layers around it; empty for the whole store, and where it is not known. */
export const namespaceOf = (port: Service): string => {
  const layer = layerOf(port)
  return layer === undefined ? (namespaces.get(port) ?? "") : namespaceOf(layer.inner)
}
