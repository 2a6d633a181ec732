/**
 * How often a client may ask.
 */
import { CacheKey, CachePort, TimeToLive } from "@hexcache/cache-port"
import { Context, Data, Duration, Effect, Layer, Option } from "effect"
import { FailOpen } from "./FailOpen.ts"

/** Whether a client may go on now. */
export type Verdict = Data.TaggedEnum<{
  Allowed: {}
  Limited: { readonly retryAfter: Duration.Duration }
}>

/** Constructors of `Verdict`, `$is` and `$match`. */
export const Verdict: Data.TaggedEnum.Constructor<Verdict> = Data.taggedEnum<Verdict>()

/** How much a client may ask. */
export interface RateLimitOptions {
  /** Requests in a window. */
  readonly limit: number
  /** Begins with a client's first request. */
  readonly window: Duration.Input
}

/**
 * Lets a client ask `limit` times in a window, across all processes that share the cache, in its namespace `limit`.
 *
 * It fails open: while the cache is unavailable, everyone is allowed.
 */
export class RateLimit extends Context.Service<
  RateLimit,
  {
    /** Counts a request of `client` and judges it. */
    readonly check: (client: string) => Effect.Effect<Verdict>
  }
>()("@hexcache/demo/domain/RateLimit") {
  static layer({ limit, window }: RateLimitOptions): Layer.Layer<RateLimit, never, CachePort | FailOpen> {
    return Layer.effect(
      RateLimit,
      Effect.gen(function* () {
        const cache = CachePort.namespaced(yield* CachePort, "limit")
        const failOpen = yield* FailOpen

        const untilNextWindow = TimeToLive.$match({
          Missing: () => Duration.zero,
          Persistent: () => Duration.fromInputUnsafe(window),
          Expires: ({ remaining }) => remaining
        })

        return RateLimit.of({
          check: Effect.fnUntraced(function* (client) {
            const key = CacheKey.make(client)
            const count = yield* failOpen.attempt(cache.increment(key, 1, { ttl: window }))
            if (Option.isNone(count) || count.value <= limit) return Verdict.Allowed()
            const left = yield* failOpen.attempt(cache.ttl(key))
            return Option.match(left, {
              onNone: () => Verdict.Allowed(),
              onSome: (left) => Verdict.Limited({ retryAfter: untilNextWindow(left) })
            })
          })
        })
      })
    )
  }
}
