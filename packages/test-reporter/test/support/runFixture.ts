import { execFile } from "node:child_process"
import { join } from "node:path"

/** A run's end, and all that it printed. */
export interface Ran {
  readonly code: number
  readonly output: string
}

const vitest = join(import.meta.dirname, "../../node_modules/vitest/vitest.mjs")
const cwd = join(import.meta.dirname, "../fixture")

/** Runs vitest on the fixture, without a terminal and without colours. */
export const runFixture = (...args: ReadonlyArray<string>): Promise<Ran> => {
  const { FORCE_COLOR: _, ...env } = process.env
  return new Promise((resolve) => {
    execFile(process.execPath, [vitest, "run", ...args], { cwd, env: { ...env, NO_COLOR: "1" } }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: out + err })
    )
  })
}
