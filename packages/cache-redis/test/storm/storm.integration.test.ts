/** A short storm; a long one, whose times are judged to the millisecond, is `pnpm storm --seed 1 --seconds 80`. */
import { assert, describe, it } from "vitest"
import { recoveryPatience } from "../support/bounds.ts"
import { judge, toTable } from "./report.ts"
import { run } from "./Storm.ts"

describe.concurrent("a storm of faults", () => {
  it.each([
    ["without a near cache", false],
    ["with a near cache", true]
  ] as const)("breaks no promise, %s", async (_, isNear) => {
    // A busy machine recovers late from each fault, and needs a longer storm for as many; each one is judged.
    for (const seconds of [12, 24, 48]) {
      const report = await run({ seed: 1, seconds, isNear, pause: 20, patience: recoveryPatience })
      assert.deepStrictEqual(judge(report, recoveryPatience), [], toTable(report))
      const isWorthwhile = Object.keys(report.faults).length >= 5 && report.verified > 5_000 && report.counted >= 20
      if (isWorthwhile) return
    }
    assert.fail("too few faults or answers in 48 s")
  })
})
