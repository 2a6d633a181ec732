import { exec } from "node:child_process"
import { readFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { promisify } from "node:util"
import { expect, test } from "vitest"

const root = join(import.meta.dirname, "../../..")
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>
}

/** The files that a script of the root's package.json would run, each with its project. */
const filesOf = async (script: string): Promise<ReadonlyArray<string>> => {
  const command = scripts[script]?.replace("vitest run", "vitest list --filesOnly") ?? ""
  const PATH = [join(root, "node_modules/.bin"), process.env.PATH].join(delimiter)
  const { stdout } = await promisify(exec)(command, { cwd: root, env: { ...process.env, PATH } })
  return stdout.trim().split("\n").toSorted()
}

test("each test file of the workspace runs in exactly one of test:unit, test:redis and test:faults", async () => {
  const parts = [await filesOf("test:unit"), await filesOf("test:redis"), await filesOf("test:faults")]
  expect(parts.flat().toSorted()).toEqual(await filesOf("test"))
})
