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

/** npm did not bring a command, so nothing is known of what it would have run. */
export class ToolMissing extends Error {
  /** The name of the command. */
  readonly tool: string

  constructor(tool: string, { message }: Error) {
    super(`npm did not bring ${tool}: ${message}`)
    this.tool = tool
  }
}

/** Installs a command into a folder of its own. Resolves with where the command is; rejects with `ToolMissing`. */
export const bringTool = async ({ at, name, range }: Tool, work: string): Promise<string> => {
  const folder = join(work, `tool-${name}`)
  const commands = join(folder, "node_modules/.bin")
  try {
    await mkdir(folder)
    const { [at]: version } = await endsOf(name, range)
    await run("npm", ["install", "--no-audit", "--no-fund", "--prefix", folder, `${name}@${version}`])
    const answer = await run(name, ["--version"], { commands })
    if (!answer.includes(version)) throw new Error(`${name} is ${answer.trim()} instead of ${version}`)
  } catch (error) {
    throw new ToolMissing(name, error as Error)
  }
  return commands
}
