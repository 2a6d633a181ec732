import { Effect, type Layer, ManagedRuntime, Schema, Scope } from "effect"
import { Persistable, PersistedCache, type Persistence } from "effect/persistence"
import type { Cache } from "../Adapter.ts"

class Entry extends Persistable.Class<{ payload: { key: string } }>()("Entry", {
  primaryKey: ({ key }) => key,
  success: Schema.String
}) {}

/** Effect's PersistedCache. It has no `set`: a value is written when its key is first asked for. */
export const openPersisted = async (persistence: Layer.Layer<Persistence.Persistence, unknown>): Promise<Cache> => {
  const toWrite = new Map<string, string>()
  const lookup = ({ key }: Entry) => Effect.sync(() => toWrite.get(key) ?? notStored)
  const runtime = ManagedRuntime.make(persistence)
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
