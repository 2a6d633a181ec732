import { expect, test } from "vitest"
import { Shelves } from "../../src/near/Shelves.ts"

test("a key in two parts is found by both, and replaced", () => {
  const shelves = new Shelves<number>()
  shelves.set("a:", "key", 1)
  shelves.set("b:", "key", 2)
  shelves.set("a:", "key", 3)
  expect(shelves.get("a:", "key")).toBe(3)
  expect(shelves.get("b:", "key")).toBe(2)
  expect(shelves.get("c:", "key")).toBeUndefined()
  expect(shelves.get("a:", "other")).toBeUndefined()
})

test("a prefix that was looked up in vain is found once it is there", () => {
  const shelves = new Shelves<number>()
  expect(shelves.get("a:", "key")).toBeUndefined()
  shelves.set("a:", "key", 1)
  expect(shelves.get("a:", "key")).toBe(1)
})

test("prefixes that come and go leave nothing behind", () => {
  const shelves = new Shelves<number>()
  for (let tenant = 0; tenant < 1_000; tenant++) {
    shelves.set(`${tenant}:`, "key", tenant)
    shelves.set(`${tenant}:`, "other", tenant)
    shelves.delete(`${tenant}:`, "key")
    expect(shelves.get(`${tenant}:`, "other")).toBe(tenant)
    shelves.delete(`${tenant}:`, "other")
    shelves.delete(`${tenant}:`, "other")
    expect(shelves.get(`${tenant}:`, "other")).toBeUndefined()
  }
  expect(shelves.size).toBe(0)
})

test("nothing is found once all was cleared, until it is there again", () => {
  const shelves = new Shelves<number>()
  shelves.set("a:", "key", 1)
  expect(shelves.get("a:", "key")).toBe(1)
  shelves.clear()
  expect(shelves.get("a:", "key")).toBeUndefined()
  expect(shelves.size).toBe(0)
  shelves.set("a:", "other", 2)
  expect(shelves.get("a:", "key")).toBeUndefined()
  expect(shelves.get("a:", "other")).toBe(2)
})
