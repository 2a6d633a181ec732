/**
 * A process that reads, writes and counts through one client, side by side, until its parent tells it to stop. Then it
 * sends what its calls came to.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { storedValue } from "../keys.ts"
import type { ClientModule } from "./Client.ts"

/** So many calls failed of so many. */
export interface Calls {
  readonly count: number
  readonly failed: number
}

/** Counts the calls of one process, and those of them that failed. */
export interface CutReport {
  readonly reads: Calls
  readonly writes: Calls
  readonly increments: Calls
  /** Reads with another value than the stored one. */
  readonly wrong: number
  /** Milliseconds that the slowest call took. */
  readonly slowest: number
}

/** The number of callers that read, write and count, and the pause of each between two calls, in milliseconds. */
const callers = 20
const pause = 2

const [module = "", url = ""] = process.argv.slice(2)
const { open }: ClientModule = await import(module)
const client = await open(url)

class Tally {
  count = 0
  failed = 0
}
const reads = new Tally()
const writes = new Tally()
const increments = new Tally()
let wrong = 0
let slowest = 0
let isOver = false

const repeat = async (tally: Tally, call: () => Promise<unknown>): Promise<void> => {
  while (!isOver) {
    const begin = performance.now()
    tally.count++
    await call().catch(() => tally.failed++)
    slowest = Math.max(slowest, performance.now() - begin)
    await sleep(pause)
  }
}

const key = "stored"
await client.set(key, storedValue(key))
const read = async () => {
  if ((await client.get(key)) !== storedValue(key)) wrong++
}
const calling = Array.from({ length: callers }, (_, index) => [
  repeat(reads, read),
  repeat(writes, () => client.set(`written:${index}`, "value")),
  repeat(increments, () => client.increment("count"))
])
process.once("message", async () => {
  isOver = true
  await Promise.race([Promise.all(calling.flat()), sleep(5_000)])
  const report: CutReport = { reads, writes, increments, wrong, slowest }
  process.send?.(report, () => process.exit())
})
process.send?.("running")
