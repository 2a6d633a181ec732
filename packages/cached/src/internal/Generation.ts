/**
 * Ids of generations. An id is never used twice, and tells until when its generation stands at least, unless it is taken
 * away: so a generation that has long to stand is renewed by nobody.
 *
 * @internal
 */

/** The id of a generation that is made to stand until `end`, in milliseconds of the epoch, or for ever. */
export const newGeneration = (end: number): string =>
  `${end === Infinity ? "" : Math.ceil(end).toString(36)}-${newId()}`

/** Until when a generation stands as it was made; `Infinity` for what is no such id. */
export const endOf = (id: string): number => {
  const end = id.indexOf("-")
  return end > 0 ? Number.parseInt(id.slice(0, end), 36) : Infinity
}

/** Never the same twice: a number of this process after random digits of its own. */
export const newId = (): string => `${origin}${(++ids).toString(36)}`

let ids = 0
const random = (): string => Math.random().toString(36).slice(2)
const origin = `${random()}${random()}.`

/** The sum of two durations in milliseconds, without end where a store could not be told it. */
export const sumOf = (one: number, other: number): number =>
  one + other > Number.MAX_SAFE_INTEGER ? Infinity : one + other
