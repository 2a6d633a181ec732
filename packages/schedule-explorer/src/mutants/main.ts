/**
 * Makes each mistake in a copy of the sources, and looks for a short schedule that brings it to light.
 *
 * ```sh
 * pnpm explore:mutants              # all of them
 * pnpm explore:mutants --only lease # those whose name has the word
 * ```
 */
import { spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { type Mutant, mutants } from "./mutants.ts"

const packages = join(import.meta.dirname, "../../..")
const { values } = parseArgs({ options: { only: { type: "string", default: "" } }, allowPositionals: true })

/** A copy of the port, of `Cached` and of the explorer, in which each finds the copies of the others. */
const copy = (folder: string): void => {
  for (const name of ["cache-port", "cached", "schedule-explorer"]) {
    cpSync(join(packages, name, "src"), join(folder, name, "src"), { recursive: true })
    const support = join(packages, name, "test/support")
    if (existsSync(support)) cpSync(support, join(folder, name, "test/support"), { recursive: true })
    cpSync(join(packages, name, "package.json"), join(folder, name, "package.json"))
    mkdirSync(join(folder, name, "node_modules/@hexcache"), { recursive: true })
    symlinkSync(join(packages, name, "node_modules/effect"), join(folder, name, "node_modules/effect"))
  }
  // The explorer draws its random numbers by the test support of the port.
  cpSync(join(packages, "cache-port/test/support"), join(folder, "cache-port/test/support"), { recursive: true })
  for (const [used, user] of [
    ["cache-port", "cached"],
    ["cache-port", "schedule-explorer"],
    ["cached", "schedule-explorer"]
  ] as const) {
    symlinkSync(join(folder, used), join(folder, user, "node_modules/@hexcache", used))
  }
}

const run = (folder: string, { file, from, to }: Mutant): { readonly isCaught: boolean; readonly text: string } => {
  const original = join(packages, file)
  const mutated = join(folder, file)
  const source = readFileSync(original, "utf8")
  const parts = source.split(from)
  if (parts.length !== 2) return { isCaught: false, text: `stands ${parts.length - 1} times in ${file}: ${from}` }
  writeFileSync(mutated, parts.join(to))
  try {
    const { status, stderr, stdout } = spawnSync(
      process.execPath,
      [join(folder, "schedule-explorer/src/mutants/catch.ts")],
      { encoding: "utf8" }
    )
    return { isCaught: status === 0, text: status === 0 ? stdout.trimEnd() : `${stdout}${stderr}`.trimEnd() }
  } finally {
    writeFileSync(mutated, source)
  }
}

const folder = mkdtempSync(join(tmpdir(), "hexcache-mutants-"))
let caught = 0
let longest = 0
try {
  copy(folder)
  const chosen = mutants.filter(({ name }) => name.includes(values.only))
  for (const mutant of chosen) {
    const { isCaught, text } = run(folder, mutant)
    if (isCaught) {
      caught++
      longest = Math.max(longest, text.match(/^ *\d+\. /gm)?.length ?? 0)
    }
    console.log(`${isCaught ? "caught" : "MISSED"}: ${mutant.name}\n${text}\n`)
  }
  console.log(`${caught} of ${chosen.length} mistakes caught, by at most ${longest} steps`)
  process.exitCode = caught === chosen.length ? 0 : 1
} finally {
  rmSync(folder, { recursive: true })
}
