/** A short simulation; a long one is `pnpm sim --seed 1 --seeds 100 --hours 1`. */
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { assert, describe, it } from "vitest"

const nodes = process.env.NODE_BINARIES?.split(":").filter((path) => path !== "") ?? [process.execPath]

/** What a process prints that simulates. It fails if anything is wrong. */
const simulate = async (node: string, ...args: ReadonlyArray<string>): Promise<string> => {
  const program = new URL("./main.ts", import.meta.url).pathname
  const { stdout } = await promisify(execFile)(node, ["--disable-warning=ExperimentalWarning", program, ...args])
  return stdout
}

const hashesOf = (printed: string): ReadonlyArray<string> => printed.match(/[0-9a-f]{16}/g) ?? []

describe.concurrent("a simulated storm", () => {
  it("breaks no promise, and is the same each time for the same seed", async () => {
    const args = ["--seed", "1", "--seeds", "2", "--hours", "0.01"]
    const runs = await Promise.all([...nodes, process.execPath].map((node) => simulate(node, ...args)))
    const [first = [], ...others] = runs.map(hashesOf)
    assert.lengthOf(new Set(first), 2)
    for (const hashes of others) assert.deepStrictEqual(hashes, first)
  })

  it("breaks no promise with near caches", async () => {
    const printed = await simulate(process.execPath, "--seed", "1", "--seeds", "2", "--hours", "0.01", "--near")
    assert.lengthOf(hashesOf(printed), 2)
  })

  it.each(["sentinel", "cluster"])("breaks no promise of the topology %s", async (topology) => {
    const args = ["--topology", topology, "--seed", "1", "--seeds", "2", "--hours", "0.01"]
    assert.lengthOf(hashesOf(await simulate(process.execPath, ...args)), 2)
  })
})
