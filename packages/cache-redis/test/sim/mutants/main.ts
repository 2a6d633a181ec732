/**
 * Makes each mistake in a copy of the adapter, and simulates it until a checker finds it.
 *
 * ```sh
 * pnpm sim:mutants                           # all of them
 * pnpm sim:mutants --only fence              # those whose name has the word
 * pnpm sim:mutants --seeds 10000 --only map  # more seeds than usual
 * ```
 */
import { spawn } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { type Mutant, mutants } from "./mutants.ts"

const original = join(import.meta.dirname, "../../..")
const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    seeds: { type: "string", default: "300" },
    hours: { type: "string", default: "0.01" },
    workers: { type: "string", default: "1" }
  }
})

/** A copy of the adapter and of the simulation, which uses the packages of the original. */
const copy = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "hexcache-sim-mutants-"))
  for (const name of ["src", "test/sim", "test/storm", "package.json"]) {
    cpSync(join(original, name), join(folder, name), { recursive: true })
  }
  symlinkSync(join(original, "node_modules"), join(folder, "node_modules"))
  return folder
}

interface Run {
  readonly seeds: number
  /** The promises that the first of them broke, `checker: what`, in the order in which it was noticed. */
  readonly wrong: ReadonlyArray<string>
  readonly printed: string
}

const simulate = (folder: string, { only, world }: Mutant): Promise<Run> =>
  new Promise((resolve) => {
    const program = join(folder, "test/sim/main.ts")
    const topology = world === "near" ? ["--near"] : ["--topology", world]
    const args = [
      "--seed",
      "1",
      "--seeds",
      values.seeds,
      "--hours",
      values.hours,
      "--whole",
      "--jobs",
      "1",
      ...topology,
      ...(only === undefined ? [] : ["--only", only])
    ]
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program, ...args])
    let printed = ""
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        printed += text
      })
    }
    child.on("close", () => {
      const wrong = Array.from(printed.matchAll(/^WRONG: [\d.]+ (.*)/gm), ([, what = ""]) => what)
      resolve({ seeds: printed.match(/^seed \d+:/gm)?.length ?? 0, wrong, printed })
    })
  })

/** Returns what there is to tell of a mutant, and if it was found as it says. */
const examine = async (
  folder: string,
  mutant: Mutant
): Promise<{ readonly isFound: boolean; readonly text: string }> => {
  const { checkers, file, from, name, to } = mutant
  const path = join(folder, "src", file)
  const source = readFileSync(path, "utf8")
  const parts = source.split(from)
  if (parts.length !== 2) return { isFound: false, text: `STALE: ${name}: stands ${parts.length - 1} times in ${file}` }
  writeFileSync(path, parts.join(to))
  try {
    const { printed, seeds, wrong } = await simulate(folder, mutant)
    const [first] = wrong
    if (first === undefined) {
      const end = printed.includes("simulated hours") ? `in ${seeds} seeds` : printed.slice(-2_000)
      return { isFound: false, text: `MISSED: ${name}: ${end}` }
    }
    const found = wrong.find((what) => checkers.some((checker) => what.startsWith(`${checker}:`)))
    const how = found === undefined ? "FOUND BY ANOTHER CHECKER" : "found"
    return { isFound: found !== undefined, text: `${how} by seed ${seeds}: ${name}: ${found ?? first}` }
  } finally {
    writeFileSync(path, source)
  }
}

const queue = mutants.filter(({ name }) => name.includes(values.only))
const count = queue.length
let found = 0
const work = async (): Promise<void> => {
  const folder = copy()
  try {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const { isFound, text } = await examine(folder, mutant)
      if (isFound) found++
      console.log(text)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
await Promise.all(Array.from({ length: Number(values.workers) }, work))
console.log(`${found} of ${count} mistakes found`)
process.exitCode = found === count ? 0 : 1
