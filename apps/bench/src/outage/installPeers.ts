import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFile } from "node:fs/promises"
import { peersFolder } from "./Library.ts"

/** Installs the peers from their own lock file, unless that has been done. They are no part of the workspace. */
export const installPeers = async (announce: (line: string) => void): Promise<void> => {
  if (await isInstalled()) return
  announce("installing the other libraries into apps/bench/peers (once, some seconds)")
  const install = spawn(
    "npx",
    ["-y", "pnpm@12", "install", "--ignore-workspace", "--frozen-lockfile", "--ignore-scripts"],
    {
      cwd: peersFolder,
      stdio: ["ignore", "ignore", "inherit"]
    }
  )
  const [status] = await once(install, "exit")
  if (status !== 0) throw new Error("The other libraries could not be installed")
}

/** pnpm keeps a copy of the lock file beside what it installed from it. */
const isInstalled = async (): Promise<boolean> => {
  const [wanted, present] = await Promise.all(
    ["pnpm-lock.yaml", "node_modules/.pnpm/lock.yaml"].map((path) =>
      readFile(new URL(path, peersFolder), "utf8").catch(() => undefined)
    )
  )
  return wanted !== undefined && wanted === present
}
