import { NodeRedis } from "@effect/platform-node"
import { Effect, Layer, ManagedRuntime, Schema, Scope } from "effect"
import { Persistable, PersistedCache, Persistence } from "effect/persistence"
import type { Adapter } from "../Adapter.ts"

class Entry extends Persistable.Class<{ payload: { key: string } }>()("Entry", {
  primaryKey: ({ key }) => key,
  success: Schema.String
}) {}

/** There is no `set`: a value is written when its key is first asked for. */
export const open: Adapter["open"] = async (url) => {
  const toWrite = new Map<string, string>()
  const lookup = ({ key }: Entry) => Effect.sync(() => toWrite.get(key) ?? notStored)
  const redis = Persistence.layerRedis.pipe(Layer.provide(NodeRedis.layer({ url })))
  const runtime = ManagedRuntime.make(redis)
  const cache = await runtime.runPromise(
    Effect.provideService(
      PersistedCache.make(lookup, { storeId: "bench", timeToLive: () => "5 minutes" }),
      Scope.Scope,
      runtime.scope
    )
  )
  return {
    get: async (key) => {
      const value = await runtime.runPromise(cache.get(new Entry({ key })))
      return value === notStored ? undefined : value
    },
    set: (key, value, signal) => {
      toWrite.set(key, value)
      return runtime.runPromise(cache.get(new Entry({ key })), { signal })
    },
    close: () => runtime.dispose()
  }
}

const notStored = "not stored"
