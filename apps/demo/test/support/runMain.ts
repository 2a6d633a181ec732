/**
 * The demo as a process.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { on, once } from "node:events"
import { fileURLToPath } from "node:url"

/** The output of a process, and its end. */
export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A process that runs. */
export interface Running {
  readonly child: ChildProcess
  /** Resolves with the first line of its output that matches. */
  readonly line: (pattern: RegExp) => Promise<RegExpMatchArray>
  readonly ended: Promise<Ended>
}

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url))

/** Starts the demo with these arguments and only these of the settings that it reads. */
export const startMain = (args: ReadonlyArray<string>, settings: Readonly<Record<string, string>> = {}): Running => {
  const {
    CACHE: _,
    PORT: __,
    RATE_LIMIT: ___,
    RATE_WINDOW: ____,
    REDIS_URL: _____,
    REDIS_TIMEOUT: ______,
    ...environment
  } = process.env
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main, ...args], {
    env: { ...environment, ...settings },
    stdio: ["ignore", "pipe", "pipe"]
  })
  let stdout = ""
  let stderr = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text
  })
  const ended = once(child, "close").then(([status]) => ({ status, stdout, stderr }))

  const line = async (pattern: RegExp): Promise<RegExpMatchArray> => {
    const written = stdout.match(pattern)
    if (written !== null) return written
    for await (const _ of on(child.stdout, "data", { close: ["close"] })) {
      const found = stdout.match(pattern)
      if (found !== null) return found
    }
    throw new Error(`The demo ended without ${pattern}: ${stdout}${stderr}`)
  }
  return { child, line, ended }
}

/** Runs the demo to its end. */
export const runMain = (args: ReadonlyArray<string>, settings?: Readonly<Record<string, string>>): Promise<Ended> =>
  startMain(args, settings).ended
