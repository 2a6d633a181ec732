/**
 * Time counted in uses of a cache, as integers of 32 bits that wrap around.
 *
 * @internal
 */

/** True if one tick came before another, for ticks less than half of the circle apart. */
export const isBefore = (tick: number, other: number): boolean => ((tick - other) | 0) < 0

/** The number of ticks from the earlier one to the later one. */
export const between = (earlier: number, later: number): number => (later - earlier) >>> 0
