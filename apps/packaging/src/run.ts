import { execFile } from "node:child_process"
import { delimiter } from "node:path"
import { promisify } from "node:util"

/** How a command is run. */
export interface RunOptions {
  readonly cwd?: string | URL
  /** Beside the environment of this process. */
  readonly env?: { readonly [name: string]: string }
  /** A folder whose commands come before those of the `PATH`. */
  readonly commands?: string | undefined
}

const deadlineMillis = 120_000

/** Runs a command, for two minutes at the most. Resolves with what it printed; rejects, with that, when it fails. */
export const run = async (command: string, args: ReadonlyArray<string>, options: RunOptions = {}): Promise<string> => {
  const { commands, cwd, env } = options
  const path = [...(commands === undefined ? [] : [commands]), process.env.PATH].join(delimiter)
  try {
    const { stdout } = await promisify(execFile)(command, args, {
      cwd,
      env: { ...ownEnvironment(), ...env, PATH: path },
      timeout: deadlineMillis,
      maxBuffer: 64_000_000
    })
    return stdout
  } catch (error) {
    const { killed, stderr, stdout } = error as { killed?: boolean; stdout?: string; stderr?: string }
    const ending = killed ? `was ended after ${deadlineMillis / 1_000} s` : "failed"
    throw new Error([`${command} ${args.join(" ")} ${ending}`, stdout, stderr].filter(Boolean).join("\n"))
  }
}

/** Without the settings that a package manager hands to its scripts, which are those of the workspace. */
const ownEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^p?npm_/i.test(name)))
