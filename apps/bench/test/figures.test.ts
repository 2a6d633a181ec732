import { expect, test } from "vitest"
import { type Call, figuresOf } from "../src/outage/figures.ts"

const span = { faultStart: 10_000, faultEnd: 16_000, watchEnd: 21_000 }

const call = (at: number, took?: number, outcome: NonNullable<Call["outcome"]> = "right"): Call => ({
  probe: "cold",
  key: "key",
  at,
  ...(took === undefined ? {} : { settledAt: at + took, outcome })
})

test("a call counts as what it was when its caller's patience ended", () => {
  const { cold } = figuresOf(
    [call(10_000, 5), call(10_050, 5, "miss"), call(10_100, 5, "failed"), call(10_150, 1_001), call(10_200)],
    span
  )
  expect(cold).toEqual({ right: 0.2, miss: 0.2, wrong: 0, failed: 0.2, hangs: 0.4 })
})

test("calls before the fault, and in its last moment, do not count", () => {
  const { cold, slowest } = figuresOf([call(9_999, 900), call(15_001, 900), call(12_000, 3, "failed")], span)
  expect(cold.failed).toBe(1)
  expect(slowest).toEqual({ millis: 3, unsettled: false })
})

test("what is pending at the end has waited until then, and says so", () => {
  expect(figuresOf([call(11_000), call(12_000, 5)], span).slowest).toEqual({ millis: 10_000, unsettled: true })
})

test("the first value after the fault tells when a cache is back, also for a call made before", () => {
  expect(figuresOf([call(12_000, 4_250), call(16_300, 5)], span).backAfter).toBe(250)
  expect(figuresOf([call(12_000, 5), call(16_300, 5, "miss")], span).backAfter).toBeUndefined()
})
