import { Effect, Schema } from "effect"
import { Persistable, PersistedCache } from "effect/persistence"

/** A request for the length of a name. */
export class LengthOf extends Persistable.Class<{ payload: { name: string } }>()("LengthOf", {
  primaryKey: ({ name }) => name,
  success: Schema.Struct({ length: Schema.Number })
}) {}

/** A `PersistedCache` as a new process has it, with nothing in its memory, and how often it looked up. */
export const remembered = (storeId = "lengths") =>
  Effect.gen(function* () {
    const seen = { lookups: 0 }
    const cache = yield* PersistedCache.make(
      ({ name }: LengthOf) =>
        Effect.sync(() => {
          seen.lookups++
          return { length: name.length }
        }),
      { storeId, timeToLive: () => "5 minutes" }
    )
    return { seen, invalidate: cache.invalidate, get: (name: string) => cache.get(new LengthOf({ name })) }
  })
