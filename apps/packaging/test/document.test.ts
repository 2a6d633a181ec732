import { expect, test } from "vitest"
import { withChecked } from "../src/document.ts"
import { excessesOf } from "../src/limits.ts"

const size = { name: "@hexcache/cache-codec", packed: 4_122, unpacked: 9_000, bundled: 608, withDependencies: 608 }
const keyv = { name: "keyv", range: "^5.6.0 || ^6.1.0", lowest: "5.6.0", newest: "6.1.0" }

test("the tables stand between the markers, and what is around them stays", () => {
  const document = "before\n<!-- checked: written by check:install -->\nold\n<!-- /checked -->\nafter\n"
  const written = withChecked(document, [size], [keyv])
  expect(written).toMatch(/^before\n/)
  expect(written).toMatch(/\nafter\n$/)
  expect(written).not.toContain("old")
  expect(written).toContain("| `@hexcache/cache-codec` | 4.1 |")
  expect(written).toContain("| `keyv` | ^5.6.0 \\|\\| ^6.1.0 | 5.6.0 | 6.1.0 |")
  expect(withChecked(written, [size], [keyv])).toBe(written)
})

test("a document without the markers is refused", () => {
  expect(() => withChecked("nothing", [size], [keyv])).toThrow("no place")
})

test("a package exceeds its limit by one byte, and any size without a limit", () => {
  expect(excessesOf([size])).toEqual([])
  expect(excessesOf([{ ...size, bundled: 1_001 }])).toEqual([
    "@hexcache/cache-codec bundled has 1001 bytes, and its limit is 1000"
  ])
  expect(excessesOf([{ ...size, name: "new" }])).toHaveLength(2)
})
