import { execFile } from "node:child_process"
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestContext } from "vitest"

const root = join(import.meta.dirname, "../../../..")

/** The exit code of a program, and all that it printed. */
export interface Ran {
  readonly code: number
  readonly output: string
}

/** The adapter that a new one is built and packed as. */
const model = "packages/cache-memory"

/** Makes a workspace of that adapter's settings alone, with the real one's tools, which is removed with its test. */
export const makeWorkspace = ({ onTestFinished }: Pick<TestContext, "onTestFinished">) => {
  const folder = mkdtempSync(join(tmpdir(), "new-adapter-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const file of [".gitignore", "biome.json", "tsconfig.base.json", "tsconfig.json"]) {
    cpSync(join(root, file), join(folder, file))
  }
  for (const file of ["LICENSE", "package.json", "tsconfig.build.json", "turbo.json"]) {
    cpSync(join(root, model, file), join(folder, model, file))
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
  return {
    folder,
    /** Stands for `pnpm install`: this package depends on what the template does. */
    install: (adapter: string) =>
      symlinkSync(join(import.meta.dirname, "../../node_modules"), join(adapter, "node_modules")),
    /** Runs a program of the workspace's tools. */
    run: (tool: string, args: ReadonlyArray<string>, cwd = folder): Promise<Ran> =>
      new Promise((resolve) => {
        const env = { ...process.env, NO_COLOR: "1" }
        execFile(join(root, "node_modules/.bin", tool), args, { cwd, env, maxBuffer: 10_000_000 }, (error, out, err) =>
          resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: out + err })
        )
      })
  }
}
