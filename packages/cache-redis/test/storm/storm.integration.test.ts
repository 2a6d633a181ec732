/** A short storm; a long one is `pnpm storm --seed 1 --seconds 80`. */
import { assert, it } from "vitest"
import { judge, toTable } from "./report.ts"
import { run } from "./Storm.ts"

/** How late an event loop may be that times are measured on, in milliseconds. */
const punctual = 40

it.each([
  ["without a near cache", false],
  ["with a near cache", true]
] as const)("a storm of faults breaks no promise, %s", { timeout: 120_000 }, async (_, isNear) => {
  for (let attempt = 1; ; attempt++) {
    const report = await run({ seed: 1, seconds: 12, isNear })
    const broken = judge(report)
    // Times mean nothing on a machine that is busy with something else; answers always do.
    const isBusy = report.loopLag > punctual && report.wrong.length === 0 && report.unsettled === 0
    if (broken.length > 0 && isBusy && attempt < 5) continue
    assert.deepStrictEqual(broken, [], toTable(report))
    assert.isAtLeast(Object.keys(report.faults).length, 5)
    assert.isAbove(report.verified, 5_000)
    assert.isAbove(report.counted, 50)
    return
  }
})
