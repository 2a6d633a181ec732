/**
 * How often a client may ask.
 */
import { CacheKey, CachePort, TimeToLive } from "@hexcache/cache-port"
import { Context, Data, Duration, Effect, Layer } from "effect"

/** The decision about one request of a client. */
export type Verdict = Data.TaggedEnum<{
  Allowed: {}
  Limited: { readonly retryAfter: Duration.Duration }
}>

/** Constructors of `Verdict`, `$is` and `$match`. */
export const Verdict: Data.TaggedEnum.Constructor<Verdict> = Data.taggedEnum<Verdict>()

/** The requests that a client may make. */
export interface RateLimitOptions {
  /** Requests in a window. */
  readonly limit: number
  /** Begins with a client's first request. */
  readonly window: Duration.Input
}

/**
 * Lets a client ask `limit` times in a window, across all processes that share the cache, in its namespace `limit`.
 *
 * The cache is one that fails open. While it is unavailable it counts 0 for everyone, so that everyone is allowed.
 */
export class RateLimit extends Context.Service<
  RateLimit,
  {
    /** Counts a request of `client` and judges it. */
    readonly check: (client: string) => Effect.Effect<Verdict>
  }
>()("@hexcache/demo/domain/RateLimit") {
  static layer({ limit, window }: RateLimitOptions): Layer.Layer<RateLimit, never, CachePort> {
    return Layer.effect(
      RateLimit,
      Effect.gen(function* () {
        const cache = CachePort.namespaced(yield* CachePort, "limit")

        const verdict = TimeToLive.$match({
          // The window is over, or the cache is lost.
          Missing: () => Verdict.Allowed(),
          Persistent: () => Verdict.Limited({ retryAfter: Duration.fromInputUnsafe(window) }),
          Expires: ({ remaining }) => Verdict.Limited({ retryAfter: remaining })
        })

        const check = Effect.fnUntraced(function* (client: string) {
          const key = CacheKey.make(client)
          const count = yield* cache.increment(key, 1, { ttl: window })
          return count <= limit ? Verdict.Allowed() : verdict(yield* cache.ttl(key))
        })

        // Nobody else writes in the namespace, so what is no count there is a bug.
        return RateLimit.of({ check: (client) => Effect.orDie(check(client)) })
      })
    )
  }
}
