/**
 * Namespaces of a port.
 *
 * @internal
 */
import type { CacheOperations } from "../CacheOperations.ts"
import * as CacheStats from "../CacheStats.ts"
import { fromSource, prefixOf, refusing } from "./fromDriver.ts"
import * as Input from "./Input.ts"
import { attach, internalsOf, layered, namespaceOf, originOf } from "./PortInternals.ts"
import { prefixedPort } from "./PrefixedPort.ts"

/** As `CachePort.namespaced`. */
export const namespaced = (cache: CacheOperations, namespace: string): CacheOperations => {
  let part: CacheOperations
  let prefix: string
  try {
    prefix = prefixOf(Input.namespace(namespace))
    part = within(cache, namespace, prefix)
  } catch (thrown) {
    // No namespace has this prefix.
    prefix = ":"
    part = refusing(thrown)
  }
  const { path, root } = originOf(cache)
  return attach(part, { origin: { root, path: path + prefix } })
}

const within = (cache: CacheOperations, namespace: string, prefix: string): CacheOperations => {
  const { layer, source } = internalsOf(cache)
  if (layer !== undefined) return layered(namespaced(layer.inner, namespace), layer.wrap)
  const name = [namespaceOf(cache), namespace].filter((name) => name !== "").join(":")
  if (source !== undefined) return fromSource({ ...source, prefix: source.prefix + prefix, namespace: name })
  return attach(prefixedPort(cache, prefix, CacheStats.countersOf(namespace)), { namespace: name })
}
