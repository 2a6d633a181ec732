/**
 * Builds the site into `apps/docs/dist`: installs what makes it, from its own lock file, and runs VitePress for the guides and
 * TypeDoc for the reference.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { cpSync } from "node:fs"
import { fileURLToPath } from "node:url"

const cwd = fileURLToPath(new URL("./", import.meta.url))

const run = async (command: string, ...args: ReadonlyArray<string>): Promise<void> => {
  const [status] = await once(spawn(command, args, { cwd, stdio: "inherit" }), "exit")
  if (status !== 0) throw new Error(`${command} ${args[0]} failed`)
}

await run("npx", "-y", "pnpm@12", "install", "--silent", "--ignore-workspace", "--frozen-lockfile", "--ignore-scripts")
await Promise.all([
  run(process.execPath, "node_modules/typedoc/bin/typedoc"),
  run(process.execPath, "node_modules/vitepress/bin/vitepress.js", "build")
])
// VitePress empties the folder of the site when it begins.
cpSync(`${cwd}node_modules/.reference`, `${cwd}../dist/reference`, { recursive: true })
