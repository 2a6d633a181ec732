/** `node main.ts --seed 1 --seconds 80 --near`: a storm, here with a near cache, and its report as a table. */
import { parseArgs } from "node:util"
import { judge, toTable } from "./report.ts"
import { run } from "./Storm.ts"

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    seconds: { type: "string", default: "80" },
    near: { type: "boolean", default: false }
  }
})

const report = await run({ seed: Number(values.seed), seconds: Number(values.seconds), isNear: values.near })
console.log(toTable(report))
const broken = judge(report)
for (const promise of broken) console.log(`BROKEN: ${promise}`)
if (broken.length > 0) process.exitCode = 1
