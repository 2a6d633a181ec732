/**
 * The times of a value: fresh, stale, or no longer served.
 *
 * @internal
 */
import type { Entry } from "./Envelope.ts"

/**
 * The state of an entry at one moment. `"Early"` is fresh, and worth a refresh; `"Fallback"` is served only where a lookup
 * fails.
 */
export type Freshness = "Fresh" | "Early" | "Stale" | "Fallback" | "Expired"

/** The `freshUntil` of a fallback, and of no other entry. */
export const neverFresh = 0

/**
 * Judges an entry at a moment. `beta` is 0 for no early refresh, which is drawn as by XFetch, the optimal probabilistic
 * early recomputation of Vattani, Chierichetti and Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB
 * 2015: the longer the lookup took and the nearer the end, the likelier.
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

/** The times of a value that is fresh for `ttl` ms, up to a share `jitter` less, and served for `staleFor` ms more. */
export const lifeOf = (
  now: number,
  ttl: number,
  jitter: number,
  staleFor: number,
  random: () => number
): Pick<Entry, "freshUntil" | "servedUntil"> => {
  const freshUntil = sumOf(now, jitter > 0 ? Math.ceil(ttl * (1 - jitter * random())) : ttl)
  return { freshUntil, servedUntil: sumOf(freshUntil, staleFor) }
}

/** The sum of two durations in milliseconds; infinite beyond the longest that a store takes. */
export const sumOf = (one: number, other: number): number =>
  one + other > Number.MAX_SAFE_INTEGER ? Infinity : one + other
