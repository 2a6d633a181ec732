import { randomFrom } from "@hexcache/cache-port/test-support/SeededRandom"
import { expect, test } from "vitest"
import { shuffled } from "../../src/speed/shuffled.ts"
import { isNoisy, spreadOf } from "../../src/speed/statistics.ts"

test("quartiles lie between the figures, in proportion", () => {
  expect(spreadOf([4, 1, 3, 2])).toEqual({ low: 1.75, median: 2.5, high: 3.25 })
  expect(spreadOf([7])).toEqual({ low: 7, median: 7, high: 7 })
})

test("figures are ordered by size, not by their digits", () => {
  expect(spreadOf([10, 9, 100]).median).toBe(10)
})

test("noisy is what has quartiles further apart than three tenths of the median", () => {
  expect(isNoisy({ low: 0.9, median: 1, high: 1.21 })).toBe(true)
  expect(isNoisy({ low: 0.9, median: 1, high: 1.19 })).toBe(false)
})

test("an order of chance keeps every item once, and follows from the seed", () => {
  const items = Array.from({ length: 50 }, (_, item) => item)
  const order = shuffled(items, randomFrom(7))
  expect(order).not.toEqual(items)
  expect(order.toSorted((one, other) => one - other)).toEqual(items)
  expect(shuffled(items, randomFrom(7))).toEqual(order)
  expect(shuffled(items, randomFrom(8))).not.toEqual(order)
})

test("every order is as likely as any other", () => {
  const random = randomFrom(1)
  const counts = new Map<string, number>()
  for (let time = 0; time < 6_000; time++) {
    const order = shuffled(["a", "b", "c"], random).join("")
    counts.set(order, (counts.get(order) ?? 0) + 1)
  }
  expect(counts.size).toBe(6)
  for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(120)
})
