import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { expect, test } from "vitest"
import { freePort } from "../src/freePort.ts"

const module = new URL("../src/freePort.ts", import.meta.url).href

/** The port that another process picks, for which chance offers these, one after the other. */
const pickedFrom = async (...ports: ReadonlyArray<number>): Promise<number> => {
  const program = `
    const chances = ${JSON.stringify(ports.map((port) => (port - 20_000 + 0.5) / 10_000))}
    Math.random = () => chances.shift() ?? 0.999
    const { freePort } = await import(${JSON.stringify(module)})
    console.log(await freePort())
  `
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program])
  return Number(stdout)
}

test("a port is of the process that picked it until that ends, though nothing listens there", async () => {
  const mine = await freePort()
  // Some may be another test's.
  const others = Array.from({ length: 20 }, (_, index) => 20_000 + ((mine + 1 + index) % 10_000))
  expect(others).toContain(await pickedFrom(mine, ...others))
  expect(others).toContain(await pickedFrom(mine, ...others))
})
