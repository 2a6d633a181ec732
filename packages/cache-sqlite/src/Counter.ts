/**
 * The laws of counters: the stored text is a canonical 64-bit decimal, and the sum a safe integer.
 *
 * @internal
 */

const canonical = /^(?:0|-?[1-9][0-9]{0,18})$/

/** The sum; `"WrongType"` when `text` is no canonical 64-bit decimal; `"OutOfRange"` when the sum is not safe. */
export const add = (text: string, amount: number): number | "WrongType" | "OutOfRange" => {
  if (!canonical.test(text)) return "WrongType"
  const stored = BigInt(text)
  if (BigInt.asIntN(64, stored) !== stored) return "WrongType"
  const sum = Number(stored + BigInt(amount))
  return Number.isSafeInteger(sum) ? sum : "OutOfRange"
}
