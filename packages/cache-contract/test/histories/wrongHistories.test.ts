/** Histories show mistakes that other laws on concurrency do not. */
import { CacheContract } from "@hexcache/cache-contract"
import { describeHistory, type Event, isLinearizable, shortestImpossible } from "@hexcache/cache-contract/histories"
import { Effect } from "effect"
import { assert, describe, test } from "vitest"
import { histories } from "../wrong/histories.ts"

/** The chapters on callers at the same time and on what comes after them; that on interruption sees some of them too. */
const chapters = CacheContract.chapters.filter(({ name }) => ["concurrency", "reads after writes"].includes(name))

describe("a wrong cache whose operations join others", { timeout: 180_000 }, () => {
  for (const { caughtBy, layer, name } of histories.filter(({ store }) => store === undefined)) {
    test(`No other law on callers at once catches: ${name}`, async () => {
      const broken = await Effect.runPromise(CacheContract.breaches(layer, { time: "TestClock" }, chapters))
      assert.deepStrictEqual(
        broken.map(({ law }) => law),
        [caughtBy]
      )
    })
  }
})

const written: Event = {
  operation: { name: "set", value: "1", expires: true },
  from: 1,
  to: 2,
  outcome: { answer: undefined }
}
const read = (from: number, answer: unknown): Event => ({
  operation: { name: "get" },
  from,
  to: from + 1,
  outcome: { answer }
})
const open: Event = { operation: { name: "delete" }, from: 3, to: 3, outcome: "Unknown" }

describe("the description of a history that is not possible", () => {
  test("The shortest beginning ends with the operation that cannot have its result", () => {
    const history = [read(9, "1"), written, open, read(5, "2"), read(7, "1")]
    assert.isFalse(isLinearizable(history))
    assert.deepStrictEqual(shortestImpossible(history), [written, open, read(5, "2")])
  })

  test("A description has a line for each operation, with its times, arguments and result", () => {
    assert.strictEqual(
      describeHistory([written, open, read(5, "2"), { ...read(7, "1"), to: 9 }]),
      [
        '  0 to 1: set("1", with a time to live) returned nothing',
        "  2 to ?: delete(), under way or of unknown outcome",
        '  4 to 5: get() returned "2"'
      ].join("\n")
    )
  })

  test("A description leaves out what was long before", () => {
    const reads = Array.from({ length: 50 }, (_, index) => read(10 + 2 * index, "1"))
    const lines = describeHistory([written, ...reads, read(200, "2")]).split("\n")
    assert.lengthOf(lines, 21)
    assert.strictEqual(lines[0], "  after 32 operations before these")
  })
})
