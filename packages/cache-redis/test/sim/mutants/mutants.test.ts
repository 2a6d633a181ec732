/** Mistakes that stand where they are declared; `pnpm sim:mutants` makes each of them, and simulates until it is found. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { mutants } from "./mutants.ts"

const sources = new Map<string, string>()

const sourceOf = (file: string): string => {
  const source = sources.get(file) ?? readFileSync(join(import.meta.dirname, "../../../src", file), "utf8")
  sources.set(file, source)
  return source
}

describe("a mistake to be found by simulation", () => {
  it("can be made: its text stands in its file once, and the mistake changes it", () => {
    const stale = mutants.filter(({ file, from, to }) => from === to || sourceOf(file).split(from).length !== 2)
    assert.deepStrictEqual(
      stale.map(({ file, name }) => `${file}: ${name}`),
      []
    )
  })

  it("has a name of its own", () => {
    const names = mutants.map(({ name }) => name)
    assert.lengthOf(new Set(names), names.length)
  })
})
