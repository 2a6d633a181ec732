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
    const report = await run({ seed: 1, seconds: 12, isNear, pause: 20, patience: recoveryPatience })
    assert.deepStrictEqual(judge(report, recoveryPatience), [], toTable(report))
    assert.isAtLeast(Object.keys(report.faults).length, 5)
    assert.isAbove(report.verified, 5_000)
    assert.isAtLeast(report.counted, 20)
  })
})
