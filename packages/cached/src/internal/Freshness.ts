/**
 * When a value is fresh, stale, or no longer served.
 *
 * @internal
 */
import type { Entry } from "./Envelope.ts"
import { sumOf } from "./Generation.ts"

/** The times of an entry that is about to be written, in milliseconds. */
export interface Life {
  readonly freshUntil: number
  readonly servedUntil: number
}

/**
 * Whether an entry may be answered with; `"Early"` is fresh, and worth a refresh already, and `"Fallback"` may be answered
 * with only where a lookup fails.
 */
export type Freshness = "Fresh" | "Early" | "Stale" | "Fallback" | "Expired"

/** Until when a value is fresh that is a fallback. No other is fresh until then. */
export const neverFresh = 0

/**
 * `beta` is 0 for no early refresh. The refresh is drawn as by XFetch, the optimal probabilistic early recomputation of
 * Vattani, Chierichetti and Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015: the longer the
 * lookup took and the nearer the end, the likelier.
 */
export const judge = (
  { freshUntil, servedUntil, took }: Pick<Entry, "freshUntil" | "servedUntil" | "took">,
  now: number,
  beta: number,
  random: () => number
): Freshness => {
  if (now >= servedUntil) return "Expired"
  if (freshUntil === neverFresh) return "Fallback"
  if (now >= freshUntil) return "Stale"
  // From 0 to 1 without 0, of which there is no logarithm.
  return beta > 0 && now - took * beta * Math.log(1 - random()) >= freshUntil ? "Early" : "Fresh"
}

/** The life of a value that is `ttl` ms fresh, up to a share `jitter` less, and served for `staleFor` ms more. */
export const lifeOf = (now: number, ttl: number, jitter: number, staleFor: number, random: () => number): Life => {
  const freshUntil = sumOf(now, jitter > 0 ? Math.ceil(ttl * (1 - jitter * random())) : ttl)
  return { freshUntil, servedUntil: sumOf(freshUntil, staleFor) }
}
