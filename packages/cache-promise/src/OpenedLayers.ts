/**
 * The layers that `open` puts around a cache.
 *
 * @internal
 */
import { Breaker, FailOpen } from "@hexcache/cache-layers"
import type { CachePort } from "@hexcache/cache-port"
import { Layer } from "effect"
import type { CacheDuration } from "./CacheDuration.ts"

/** The options of a breaker, which mean what they do for `Breaker.layer`. */
export interface BreakerOptions {
  /** The number of failures in a row that opens the breaker, a positive integer. Defaults to 5. */
  readonly failures?: number | undefined
  /** The first delay until a probe, at least 1 ms; each failed probe doubles it. Defaults to 100 ms. */
  readonly delay?: CacheDuration | undefined
  /** The longest delay, at least `delay`. Defaults to 5 seconds. */
  readonly maxDelay?: CacheDuration | undefined
}

/** The layers of a cache. */
export interface LayerOptions {
  /** Makes a store that fails look like an empty one, as `FailOpen.layer` does. Defaults to false. */
  readonly failOpen?: boolean | undefined
  /** Stops asking a store that fails, and probes it again, as `Breaker.layer` does. Defaults to false. */
  readonly breaker?: boolean | BreakerOptions | undefined
}

/** Puts the layers of the options around a cache: the breaker below, so that it sees the failures. */
export const withLayers = (
  layer: Layer.Layer<CachePort, unknown>,
  { breaker = false, failOpen = false }: LayerOptions
): Layer.Layer<CachePort, unknown> => {
  const guarded = breaker === false ? layer : Layer.provideMerge(breakerOf(breaker), layer)
  return failOpen ? Layer.provideMerge(FailOpen.layer, guarded) : guarded
}

const breakerOf = (options: true | BreakerOptions) => (options === true ? Breaker.layer() : Breaker.layer(options))
