/**
 * The connection to the cache, as `/health` tells it.
 */
import { Context, type Effect, Schema } from "effect"

const fields = {
  state: Schema.Literals(["up", "connecting", "down"]),
  since: Schema.DateTimeUtcFromString,
  /** Why it is down: the tag of a `CacheErrorReason`. */
  reason: Schema.optionalKey(Schema.String)
}

/** The state of the whole, and that of each node by its address. */
export const Connection = Schema.Struct({
  ...fields,
  nodes: Schema.Record(Schema.String, Schema.Struct(fields))
})

/** Provided where the cache has a connection. Nothing is sent to learn its state. */
export class CacheConnection extends Context.Service<
  CacheConnection,
  { readonly current: Effect.Effect<typeof Connection.Type> }
>()("@hexcache/demo/http/CacheConnection") {}
