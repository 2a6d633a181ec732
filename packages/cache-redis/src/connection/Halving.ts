/**
 * Work in two parts, where the server has nothing to do: so it works on one part while this process does on the other.
 *
 * @internal
 */

/** How much is worth two parts: less than that takes no longer than the second part costs. */
const worthHalving = 32

/** How much of so much work the first part is. */
export const partOf = (work: number): number => (work < worthHalving ? work : Math.ceil(work / 2))
