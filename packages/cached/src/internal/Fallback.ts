/**
 * Values that were expired: answered with only where the lookup of a newer one fails.
 *
 * @internal
 */
import type { Entry, NewEntry } from "./Envelope.ts"
import { neverFresh } from "./Freshness.ts"
import { newGeneration, sumOf } from "./Generation.ts"

/** An entry that takes the place of one whose generation is `before`. Durations are milliseconds. */
export interface Fallback {
  readonly before: string
  readonly entry: NewEntry
  readonly life: number
  /** How long its own generation stands. */
  readonly ownLife: number
}

/** Undefined where there is no value, or none that may be served for longer. */
export const fallbackOf = (
  entry: Entry | undefined,
  now: number,
  staleFor: number,
  allowance: number
): Fallback | undefined => {
  if (entry?.json === undefined) return undefined
  const servedUntil = Math.min(entry.servedUntil, sumOf(now, staleFor))
  const life = servedUntil - now
  if (life <= 0) return undefined
  const ownLife = sumOf(life, allowance)
  return {
    before: entry.own,
    entry: {
      ...entry,
      own: newGeneration(now + ownLife),
      freshUntil: neverFresh,
      servedUntil,
      json: JSON.stringify(entry.json.value)
    },
    life,
    ownLife
  }
}
