/**
 * Counters that a store keeps as text, for a driver whose store cannot add.
 *
 * @module
 */
import { OutOfRange, WrongType } from "./CacheError.ts"
import { DriverFailure } from "./DriverFailure.ts"
import type { DriverResult } from "./FastPaths.ts"

const canonical = /^(?:0|-?[1-9][0-9]{0,18})$/

/**
 * Adds a safe integer to the text of a counter, `"0"` for an absent one, and returns the sum. Returns a failure with
 * `WrongType` unless the text is a canonical 64-bit decimal, and with `OutOfRange` when the sum is no safe integer.
 *
 * @example
 * ```ts
 * Counter.add("41", 1) // => 42
 * ```
 */
export const add = (text: string, amount: number): DriverResult<number> => {
  if (!canonical.test(text)) return notAnInteger()
  const number = Number(text)
  if (Number.isSafeInteger(number)) return inRange(number + amount)
  const stored = BigInt(text)
  return BigInt.asIntN(64, stored) === stored ? inRange(Number(stored + BigInt(amount))) : notAnInteger()
}

const notAnInteger = () => new DriverFailure(new WrongType({ message: "the value is not an integer" }))

const inRange = (sum: number): DriverResult<number> =>
  Number.isSafeInteger(sum)
    ? sum
    : new DriverFailure(new OutOfRange({ message: "the result would not be a safe integer" }))
