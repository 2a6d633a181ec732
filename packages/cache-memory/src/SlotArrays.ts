/**
 * Numbers by slot: typed arrays that grow, since a slot's number in one costs no object.
 *
 * @internal
 */

const fewest = 16

/** The length that an array which has a place `index` gets: doubled each time, so that growing costs little a place. */
export const lengthFor = (index: number, length: number): number => Math.max(fewest, index + 1, length * 2)

/** A longer copy, with zeros behind. */
export const grown = <A extends Int32Array | Uint8Array | Uint32Array | Float64Array>(array: A, length: number): A => {
  const copy = new (array.constructor as new (length: number) => A)(length)
  copy.set(array)
  return copy
}
