/** Short simulations; long ones are `pnpm sim --seeds 1..100 --hours 1 --topology every`. */
import { execFile, spawn } from "node:child_process"
import { promisify } from "node:util"
import { assert, describe, it } from "vitest"

/** The Node that runs the tests, and those that `NODE_BINARIES=/path/to/node22:/path/to/node24` names. */
const nodes = [process.execPath, ...(process.env.NODE_BINARIES?.split(":") ?? [])].filter((path) => path !== "")

/** Returns the lines that a simulation in every world prints. Fails if anything is wrong. */
const simulate = async (node: string, ...args: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const program = new URL("./main.ts", import.meta.url).pathname
  const usual = ["--disable-warning=ExperimentalWarning", program, "--topology", "every"]
  const { stdout } = await promisify(execFile)(node, [...usual, ...args])
  return stdout.split("\n")
}

/** Returns the line of one seed in each world. */
const oneSeed = async (node: string, ...args: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const lines = await simulate(node, "--seed", "1", "--hours", "0.005", ...args)
  return lines.filter((line) => line.startsWith("seed "))
}

/** Keeps a processor busy until it is disposed of. */
const busyLoop = (): Disposable => {
  const child = spawn(process.execPath, ["-e", "for (;;);"])
  return { [Symbol.dispose]: () => child.kill("SIGKILL") }
}

describe("a simulated storm", () => {
  it("breaks no promise, causes each fault, and reaches each branch of a connection", async () => {
    const lines = await simulate(process.execPath, "--seeds", "1..3", "--hours", "0.04", "--counts")
    assert.lengthOf(new Set(lines.filter((line) => line.startsWith("seed "))), 15)
    assert.deepStrictEqual(
      lines.filter((line) => line.startsWith("0\t")),
      []
    )
  })

  it("is the same for the same seed, alone, behind others and beside two busy loops, on each Node", async () => {
    const alone = await oneSeed(process.execPath, "--jobs", "1")
    assert.lengthOf(new Set(alone), 5)
    using _ = busyLoop()
    using __ = busyLoop()
    for (const node of nodes) assert.deepStrictEqual(await oneSeed(node, "--jobs", "2"), alone)
  })
})
