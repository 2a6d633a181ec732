/**
 * The rest of a key's life.
 */
import { Data, type Duration } from "effect"

/**
 * The result of `CachePort.ttl`: `Missing` for an absent or expired key, `Persistent` for a key that never expires,
 * `Expires` with the remaining time, in whole milliseconds.
 *
 * @example
 * ```ts
 * const secondsLeft = Effect.map(
 *   cache.ttl("session"),
 *   TimeToLive.$match({
 *     Missing: () => 0,
 *     Persistent: () => Infinity,
 *     Expires: ({ remaining }) => Duration.toSeconds(remaining)
 *   })
 * )
 * ```
 */
export type TimeToLive = Data.TaggedEnum<{
  Missing: {}
  Persistent: {}
  Expires: { readonly remaining: Duration.Duration }
}>

/** Constructors of `TimeToLive`, `$is` and `$match`. */
export const TimeToLive: Data.TaggedEnum.Constructor<TimeToLive> = Data.taggedEnum<TimeToLive>()
