import { assert, describe, it } from "@effect/vitest"
import { Counter, DriverFailure } from "@hexcache/cache-port"

const reasonOf = (text: string, amount: number) => {
  const result = Counter.add(text, amount)
  return result instanceof DriverFailure ? result.reason._tag : result
}

describe("Counter", () => {
  it("A counter adds safe integers exactly, also to a text that no number holds", () => {
    assert.strictEqual(reasonOf("0", 1), 1)
    assert.strictEqual(reasonOf("-1", 1), 0)
    assert.strictEqual(reasonOf("9007199254740990", 1), Number.MAX_SAFE_INTEGER)
    assert.strictEqual(reasonOf("9007199254740993", -2), Number.MAX_SAFE_INTEGER)
    assert.strictEqual(reasonOf("-9007199254740993", 2), Number.MIN_SAFE_INTEGER)
  })

  it("A counter refuses a text that is no canonical decimal of 64 bits", () => {
    for (const text of ["", "05", " 5", "5 ", "+5", "-0", "1.0", "1e3", "0x1", "five", "--1", "99999999999999999999"]) {
      assert.strictEqual(reasonOf(text, 1), "WrongType", text)
    }
    assert.strictEqual(reasonOf("9223372036854775808", -1), "WrongType")
    assert.strictEqual(reasonOf("-9223372036854775809", 1), "WrongType")
  })

  it("A counter refuses a sum that is no safe integer", () => {
    assert.strictEqual(reasonOf("9007199254740991", 1), "OutOfRange")
    assert.strictEqual(reasonOf("-9007199254740991", -1), "OutOfRange")
    assert.strictEqual(reasonOf("9223372036854775807", -1), "OutOfRange")
    assert.strictEqual(reasonOf("-9223372036854775808", 1), "OutOfRange")
  })
})
