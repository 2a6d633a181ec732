import { execFile } from "node:child_process"
import { accessSync, constants } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { promisify } from "node:util"
import { announce } from "./announce.ts"

/**
 * Finds the binary that `REDIS_SERVER` names; without that, `redis-server` or `valkey-server` on the PATH; on Debian or
 * Ubuntu as root, installs the package `redis-server` when there is neither. Rejects where no binary can be had.
 */
export const findServerBinary = async (): Promise<string> => {
  const named = process.env.REDIS_SERVER || undefined
  if (named !== undefined) {
    if (isExecutable(named)) return named
    throw new Error(`REDIS_SERVER is "${named}": no program is there`)
  }
  const present = findServerOnPath()
  if (present !== undefined) return present
  if (process.getuid?.() !== 0 || findOnPath("apt-get") === undefined) {
    throw new Error("neither redis-server nor valkey-server is on the PATH; install one of them")
  }
  announce("no redis-server on the PATH: running apt-get install -y redis-server")
  await installByApt()
  const installed = findServerOnPath()
  if (installed === undefined) throw new Error("apt-get install -y redis-server left no redis-server on the PATH")
  return installed
}

const findServerOnPath = (): string | undefined => findOnPath("redis-server") ?? findOnPath("valkey-server")

const findOnPath = (command: string): string | undefined =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, command))
    .find(isExecutable)

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * The policy keeps the package from starting a Redis service of its own: an exit code of 101 refuses every start.
 * A machine that has a policy already keeps it.
 */
const installScript = `
  command -v redis-server && exit
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 1' INT TERM
    printf '#!/bin/sh\\nexit 101\\n' > "$policy"
    chmod +x "$policy"
  fi
  install='apt-get install -y --no-install-recommends redis-server'
  $install || { apt-get update && $install; }
`

/** Test workers may ask at the same moment: `flock` lets one install and the others wait for it. */
const installByApt = async (): Promise<void> => {
  const lock = join(tmpdir(), "redis-testkit-apt.lock")
  try {
    await promisify(execFile)("flock", ["--timeout", "300", lock, "sh", "-c", installScript], {
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
      timeout: 600_000
    })
  } catch (error) {
    const { stderr } = error as { readonly stderr?: string }
    throw new Error(`apt-get install -y redis-server failed: ${stderr?.trim().split("\n").at(-1) || error}`)
  }
}
