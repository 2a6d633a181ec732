/**
 * The adapter itself, asked whether its store is there.
 */
import { CachePort } from "@hexcache/cache-port"
import { Context, Duration, Effect, Layer, type Option, Schema, Stream } from "effect"

/** The store, as the composition root knows it. */
export interface StoreOptions {
  readonly system: "memory" | "redis"
  /** By when the adapter ends every operation, in milliseconds; 0 where it never waits. */
  readonly deadline: number
  /** True if nobody else uses the store. The probe then counts its entries, which reads all of its keys. */
  readonly isOwn: boolean
}

/** A round trip to the store: how long it took, in milliseconds, or why it failed. */
export const Ping = Schema.Union([
  Schema.Struct({ millis: Schema.Finite }),
  Schema.Struct({ failed: Schema.String, message: Schema.String })
])
export type Ping = typeof Ping.Type

/** Pings the adapter past the breaker, so that the state of the connection shows apart from the breaker's. */
export class StoreProbe extends Context.Service<
  StoreProbe,
  StoreOptions & {
    readonly ping: Effect.Effect<Ping>
    /** The number of entries in the cache; none while the store is away, and where others use it too. */
    readonly entries: Effect.Effect<Option.Option<number>>
  }
>()("@hexcache/demo/watch/StoreProbe") {
  /** Belongs right above the adapter. */
  static layer(options: StoreOptions): Layer.Layer<StoreProbe, never, CachePort> {
    return Layer.effect(
      StoreProbe,
      Effect.map(CachePort, (cache) => ({
        ...options,
        ping: Effect.match(Effect.timed(cache.ping), {
          onFailure: ({ reason }) => ({ failed: reason._tag, message: reason.message }),
          onSuccess: ([took]) => ({ millis: Duration.toMillis(took) })
        }),
        entries: options.isOwn ? Effect.option(Stream.runCount(cache.scan("*"))) : Effect.succeedNone
      }))
    )
  }
}
