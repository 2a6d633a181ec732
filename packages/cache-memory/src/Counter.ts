/**
 * Redis's integers: canonical decimals of 64 bits, as `string2ll` in Redis's `util.c` reads them, of which the port lets
 * through results that a JavaScript number holds exactly.
 *
 * @internal
 */

const canonical = /^(?:0|-?[1-9][0-9]{0,18})$/
const int64Max = 9_223_372_036_854_775_807n
const int64Min = -9_223_372_036_854_775_808n

/** The sum; `"WrongType"` when `text` is no canonical 64-bit decimal; `"OutOfRange"` when the sum is not safe. */
export const add = (text: string, amount: number): number | "WrongType" | "OutOfRange" => {
  if (!canonical.test(text)) return "WrongType"
  const number = Number(text)
  if (Number.isSafeInteger(number)) {
    const sum = number + amount
    return Number.isSafeInteger(sum) ? sum : "OutOfRange"
  }
  const stored = BigInt(text)
  if (stored > int64Max || stored < int64Min) return "WrongType"
  const sum = Number(stored + BigInt(amount))
  return Number.isSafeInteger(sum) ? sum : "OutOfRange"
}
