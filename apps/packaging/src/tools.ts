import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { type End, endsOf } from "./ends.ts"
import { run } from "./run.ts"

/** A command that npm brings. */
export interface Tool {
  readonly name: string
  readonly range: string
  readonly at: End
}

/** Installs a command into a folder of its own, below another. Resolves with the folder that the command itself is in. */
export const bringTool = async ({ at, name, range }: Tool, work: string): Promise<string> => {
  const folder = join(work, `tool-${name}`)
  await mkdir(folder)
  const { [at]: version } = await endsOf(name, range)
  await run("npm", ["install", "--no-audit", "--no-fund", "--prefix", folder, `${name}@${version}`])
  return join(folder, "node_modules/.bin")
}
