/** Every snippet of the documentation compiles and runs, and gives what its page says that it gives. */
import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { afterAll, inject } from "vitest"
import { pages, repository } from "./support/Page.ts"
import { Reader } from "./support/Reader.ts"
import { modulesFolder, writeModules } from "./support/Story.ts"

process.env.REDIS_URL = inject("redisUrl")

// A reader's own folder, for the files that a snippet makes.
const readersFolder = mkdtempSync(join(tmpdir(), "snippets-"))
process.chdir(readersFolder)
afterAll(() => {
  process.chdir(repository)
  rmSync(readersFolder, { recursive: true, force: true })
})

rmSync(modulesFolder, { recursive: true, force: true })
const stories = pages().map((page) => ({ page, modules: writeModules(page) }))

describe("the snippets of the documentation", () => {
  it("are all of them found", () => {
    for (const { page } of stories) assert.strictEqual(page.snippets.length, page.blocks, page.path)
  })

  it("have whatever stands behind // => compared", () => {
    for (const { file, snippet } of stories.flatMap(({ modules }) => modules)) {
      const compared = countOf(/^export const expected/gm, readFileSync(file, "utf8"))
      assert.strictEqual(compared, countOf(/\/\/ =>/g, snippet.code), file)
    }
  })

  it("compile", { timeout: 120_000 }, async () => {
    writeFileSync(`${modulesFolder}tsconfig.json`, JSON.stringify(config))
    const { stdout } = await compile().catch((error: { stdout: string }) => error)
    assert.strictEqual(stdout, "")
  })

  for (const { modules, page } of stories) {
    describe(page.path, async () => {
      const reader = new Reader()
      afterAll(() => reader.close())
      for (const { file, isTest, snippet } of modules) {
        // Tests in it become tests of this run.
        if (isTest) await import(file)
        else {
          it(`runs, line ${snippet.line}`, async () => {
            const output = await reader.run(file)
            if (snippet.output !== undefined) assert.strictEqual(output, snippet.output)
          })
        }
      }
    })
  }
})

const countOf = (pattern: RegExp, text: string): number => text.match(pattern)?.length ?? 0

const config = {
  extends: "../../../tsconfig.json",
  // The types of what a fragment exports need no names.
  compilerOptions: { declaration: false, declarationMap: false },
  include: ["**/*.ts", "../../../packages/redis-testkit/src"]
}

const compile = () =>
  promisify(execFile)(`${repository}node_modules/.bin/tsc`, ["--pretty", "false", "-p", modulesFolder])
