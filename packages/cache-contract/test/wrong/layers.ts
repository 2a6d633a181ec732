/**
 * Wrong layers, of which several share a store.
 */
import { CachePort } from "@hexcache/cache-port"
import { Effect, Layer } from "effect"
import { type Memory, makeMemory, makeReference } from "./Reference.ts"
import type { WrongCache } from "./WrongCache.ts"

type Service = CachePort["Service"]

/** Layers of one store, each with a namespace, made by a constructor. */
const layersOf = (make: (namespace: string, memory: Memory) => Service) => {
  const memory = makeMemory()
  return (namespace: string): Layer.Layer<CachePort> => Layer.sync(CachePort, () => make(namespace, memory))
}

const right = (namespace: string, memory: Memory): Service => CachePort.fromDriver(makeReference(memory), { namespace })

/** Layers of one store that keep every law. */
export const rightLayers = () => layersOf(right)

const wrongLayers = (name: string, make: (namespace: string, memory: Memory) => Service): WrongCache => ({
  name,
  caughtBy: "two layers of one store with different namespaces see none of each other's keys, and flush none",
  layer: layersOf(make)("examined"),
  layerWithNamespace: layersOf(make)
})

export const layers: ReadonlyArray<WrongCache> = [
  wrongLayers("the layer forgets its namespace", (_namespace, memory) => right("", memory)),
  wrongLayers("the layer takes its namespace in lower case", (namespace, memory) =>
    right(namespace.toLowerCase(), memory)
  ),
  wrongLayers("the layer cuts its namespace at 64 characters", (namespace, memory) =>
    right(namespace.slice(0, 64), memory)
  ),
  wrongLayers("flush does nothing", (namespace, memory) => ({ ...right(namespace, memory), flush: Effect.void })),
  wrongLayers("flush empties the whole store", (namespace, memory) => ({
    ...right(namespace, memory),
    flush: Effect.sync(() => memory.entries.clear())
  })),
  wrongLayers("flush removes what begins with the namespace", (namespace, memory) => ({
    ...right(namespace, memory),
    flush: Effect.sync(() => {
      for (const key of memory.entries.keys()) if (key.startsWith(namespace)) memory.entries.delete(key)
    })
  })),
  wrongLayers("scan finds the keys of others", (namespace, memory) => ({
    ...right(namespace, memory),
    scan: right("", memory).scan
  })),
  wrongLayers("deletePattern counts the keys of others", (namespace, memory) => ({
    ...right(namespace, memory),
    deletePattern: (pattern) =>
      Effect.flatMap(
        Effect.sync(() => memory.entries.size),
        (size) => Effect.as(right(namespace, memory).deletePattern(pattern), size)
      )
  }))
]
