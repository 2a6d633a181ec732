import { expect, test } from "vitest"
import { judge } from "../../src/speed/bars.ts"
import type { CaseResult } from "../../src/speed/compare.ts"
import { withMeasured } from "../../src/speed/document.ts"
import { figuresOf, ratioOf } from "../../src/speed/figures.ts"
import { plotOf } from "../../src/speed/plot.ts"
import type { Recorded } from "../../src/speed/Recorded.ts"
import { rowsOf } from "../../src/speed/table.ts"
import { get } from "../../src/speed/works/get.ts"

const ran = (...operations: ReadonlyArray<number>) =>
  operations.map((operations) => ({ operations, millis: 100, cpuMicros: 1_000 }))

const result: CaseResult = {
  work: "get",
  variant: { inFlight: 64, size: 100 },
  results: [
    { entrant: "hexcache", rounds: ran(300, 600, 1_000) },
    { entrant: "node-redis", rounds: ran(100, 300, 200) },
    { entrant: "node-redis, timeout off", rounds: ran(400, 500, 900) },
    { entrant: "keyv", rounds: ran(100, 200, 500) }
  ],
  lacking: [{ entrant: "bentocache", operation: "getMany" }]
}

const recorded: Recorded = {
  date: "2026-01-01",
  seed: 1,
  effort: { processes: 3, roundsAProcess: 1, millis: 100, warmUpMillis: 0, steadyMillis: 0 },
  machine: ["2 cores"],
  versions: ["keyv 5.0.0"],
  cases: [result]
}

test("a ratio is the median of those within a round, not that of two medians", () => {
  expect(ratioOf(result, "hexcache", "node-redis").median).toBe(3)
})

test("speed and CPU time are by operation", () => {
  const [ours] = figuresOf(result, "node-redis")
  expect(ours?.perSecond.median).toBe(6_000)
  expect(ours?.cpuMicros.median).toBeCloseTo(1_000 / 600)
})

test("a table has a row for each entrant and marks what is noisy", () => {
  const [titles, ours, base] = rowsOf(get, result)
  expect(titles?.slice(0, 3)).toEqual(["", "operations a second", "x node-redis"])
  expect(ours).toEqual(["hexcache", "6,000", "~3.00", "1.67", "2.50 to 4.00"])
  expect(base?.[2]).toBe("1.00")
})

test("a bar is judged by the measured ratio", () => {
  const bar = { work: "get", size: 100, inFlight: 64, against: "node-redis" }
  expect(judge({ ...bar, least: 3 }, [result])).toMatchObject({ measured: 3, isMet: true })
  expect(judge({ ...bar, least: 3.01 }, [result])?.isMet).toBe(false)
})

test("a bar against the best of several is judged by the one that comes nearest", () => {
  const bar = { work: "get", least: 1.9, against: ["node-redis", "keyv"] }
  expect(judge(bar, [result])).toMatchObject({ against: "node-redis", measured: 3, isMet: true })
  expect(judge({ ...bar, against: "all" }, [result])).toMatchObject({
    against: "node-redis, timeout off",
    isMet: false
  })
})

test("a coarse bar is met by the upper quartile", () => {
  const bar = { work: "get", least: 3.9, against: "node-redis" }
  expect(judge(bar, [result])?.isMet).toBe(false)
  expect(judge({ ...bar, isCoarse: true }, [result])?.isMet).toBe(true)
})

test("a limit is judged by the worst of what was watched", () => {
  const watched = { ...result, results: [{ entrant: "hexcache", rounds: [29, 31].map(stalled) }] }
  const bar = { work: "get", watched: "longest stall, ms", most: 30 }
  expect(judge(bar, [watched])).toMatchObject({ measured: 31, isMet: false })
  expect(judge({ ...bar, most: 32 }, [watched])?.isMet).toBe(true)
})

const stalled = (millis: number) => ({
  operations: 1,
  millis: 1,
  cpuMicros: 1,
  beside: { "longest stall, ms": millis }
})

test("what was not measured is not judged", () => {
  expect(judge({ work: "set", least: 1, against: "node-redis" }, [result])).toBeUndefined()
  expect(judge({ work: "get", size: 10_000, least: 1, against: "node-redis" }, [result])).toBeUndefined()
})

test("the document keeps its prose, and what was measured takes the place of what was there", () => {
  const prose = "before\n<!-- measured: written by the bench -->\nold\n<!-- /measured -->\nafter\n"
  const written = withMeasured(prose, recorded)
  expect(written).toMatch(/^before\n/)
  expect(written).toMatch(/\nafter\n$/)
  expect(written).not.toContain("old")
  expect(written).toContain("| get, a hit, 64 in flight, 100 B | node-redis | 2.50 x | 3.00 x | met |")
  expect(written).toContain("Left out: bentocache (no getMany).")
  expect(withMeasured(written, recorded)).toBe(written)
})

test("a document without a place for it is refused", () => {
  expect(() => withMeasured("prose", recorded)).toThrow("no place")
})

test("the longest bar of a plot reaches furthest, and ours stands out", () => {
  const ratio = (median: number) => ({ low: median, median, high: median })
  const svg = plotOf([
    {
      title: "a < b & c",
      rows: [
        { name: "hexcache", ratio: ratio(4) },
        { name: "other", ratio: ratio(2) }
      ]
    }
  ])
  const [ours, other] = [...svg.matchAll(/<rect class="(bar[^"]*)".*? width="([\d.]+)"/g)]
  expect(ours?.[1]).toBe("bar ours")
  expect(other?.[1]).toBe("bar")
  expect(Number(ours?.[2])).toBeCloseTo(2 * Number(other?.[2]), 0)
  expect(svg).toContain("a &lt; b &amp; c")
})
