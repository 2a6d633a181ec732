/**
 * Ids of generations. An id is never used twice, and holds the time until which its generation stands unless it is
 * deleted: a generation with much time left is not renewed.
 *
 * @internal
 */

/** Makes the id of a generation that stands until `end`, in milliseconds of the epoch, or for ever. */
export const newGenerationId = (end: number): string =>
  `${end === Infinity ? "" : Math.ceil(end).toString(36)}-${newId()}`

/** The time until which a generation stands as it was made; `Infinity` for any other text. */
export const endOf = (id: string): number => {
  const end = id.indexOf("-")
  return end > 0 ? Number.parseInt(id.slice(0, end), 36) : Infinity
}

/** Makes an id that is never made again: a number of this process after random digits of its own. */
export const newId = (): string => `${origin}${(++ids).toString(36)}`

/** The life of a generation of many entries, from its last renewal on: 30 days in milliseconds. */
export const sharedLife = 2_592_000_000

let ids = 0
const random = (): string => Math.random().toString(36).slice(2)
const origin = `${random()}${random()}.`
