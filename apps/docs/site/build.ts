/** Builds the site into `apps/docs/dist`: installs what makes it, from its own lock file, and runs it. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"

const cwd = fileURLToPath(new URL("./", import.meta.url))

const run = async (command: string, ...args: ReadonlyArray<string>): Promise<void> => {
  const [status] = await once(spawn(command, args, { cwd, stdio: "inherit" }), "exit")
  if (status !== 0) throw new Error(`${command} ${args[0]} failed`)
}

await run("npx", "-y", "pnpm@12", "install", "--silent", "--ignore-workspace", "--frozen-lockfile", "--ignore-scripts")
await run(process.execPath, "node_modules/typedoc/bin/typedoc")
