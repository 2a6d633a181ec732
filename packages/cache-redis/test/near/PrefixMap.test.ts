import { expect, test } from "vitest"
import { PrefixMap } from "../../src/near/PrefixMap.ts"

test("a key in two parts is found by both, and replaced", () => {
  const map = new PrefixMap<number>()
  map.set("a:", "key", 1)
  map.set("b:", "key", 2)
  map.set("a:", "key", 3)
  expect(map.get("a:", "key")).toBe(3)
  expect(map.get("b:", "key")).toBe(2)
  expect(map.get("c:", "key")).toBeUndefined()
  expect(map.get("a:", "other")).toBeUndefined()
})

test("a prefix that was looked up in vain is found once it is there", () => {
  const map = new PrefixMap<number>()
  expect(map.get("a:", "key")).toBeUndefined()
  map.set("a:", "key", 1)
  expect(map.get("a:", "key")).toBe(1)
})

test("prefixes that come and go leave nothing behind", () => {
  const map = new PrefixMap<number>()
  for (let tenant = 0; tenant < 1_000; tenant++) {
    map.set(`${tenant}:`, "key", tenant)
    map.set(`${tenant}:`, "other", tenant)
    map.delete(`${tenant}:`, "key")
    expect(map.get(`${tenant}:`, "other")).toBe(tenant)
    map.delete(`${tenant}:`, "other")
    map.delete(`${tenant}:`, "other")
    expect(map.get(`${tenant}:`, "other")).toBeUndefined()
  }
  expect(map.size).toBe(0)
})

test("nothing is found once all was cleared, until it is there again", () => {
  const map = new PrefixMap<number>()
  map.set("a:", "key", 1)
  expect(map.get("a:", "key")).toBe(1)
  map.clear()
  expect(map.get("a:", "key")).toBeUndefined()
  expect(map.size).toBe(0)
  map.set("a:", "other", 2)
  expect(map.get("a:", "key")).toBeUndefined()
  expect(map.get("a:", "other")).toBe(2)
})
