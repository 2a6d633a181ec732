/** A short simulation; a long one is `pnpm sim --seeds 1..100 --hours 1 --topology every`. */
import { execFile, spawn } from "node:child_process"
import { promisify } from "node:util"
import { assert, describe, it } from "vitest"

const nodes = process.env.NODE_BINARIES?.split(":").filter((path) => path !== "") ?? []

/** Returns the line of each seed in each world. Fails if anything is wrong. */
const simulate = async (node: string, ...args: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const program = new URL("./main.ts", import.meta.url).pathname
  const usual = ["--disable-warning=ExperimentalWarning", program, "--hours", "0.005", "--topology", "every"]
  const { stdout } = await promisify(execFile)(node, [...usual, ...args])
  return stdout.split("\n").filter((line) => line.startsWith("seed "))
}

/** Keeps a processor busy until it is disposed of. */
const busyLoop = (): Disposable => {
  const child = spawn(process.execPath, ["-e", "for (;;);"])
  return { [Symbol.dispose]: () => child.kill("SIGKILL") }
}

describe("a simulated storm", () => {
  it("breaks no promise in any world, and is the same for the same seed, alone, behind others and on a busy machine", async () => {
    const alone = await simulate(process.execPath, "--seeds", "1..2", "--jobs", "1")
    using _ = busyLoop()
    const runs = await Promise.all([
      simulate(process.execPath, "--seeds", "1..2", "--jobs", "2"),
      ...nodes.map((node) => simulate(node, "--seeds", "1..2"))
    ])
    assert.lengthOf(new Set(alone), 10)
    for (const lines of runs) assert.deepStrictEqual(lines, alone)
  })
})
