/**
 * The outage table: what caches do, each on its defaults, while Redis is down, frozen or killed, and after it; and what
 * clients of Redis do while Redis is well and their connection is cut.
 */
import { readFile } from "node:fs/promises"
import { cpus } from "node:os"
import { parseArgs } from "node:util"
import { RedisServer, serverVersion } from "@hexcache/redis-testkit"
import { type CutKind, type CutResult, cutKinds, cutLibraries, cuts, runCut } from "./outage/cut/runCut.ts"
import { installPeers } from "./outage/installPeers.ts"
import { patience } from "./outage/keys.ts"
import { type Library, libraries } from "./outage/Library.ts"
import { asMarkdown, asText, closingRowsOf, cutRowsOf, type Rows, rowsOf } from "./outage/report.ts"
import {
  type CaseResult,
  type ClosingResult,
  exitPatience,
  type Fault,
  faultLength,
  faults,
  recovery,
  runCase,
  runClosing
} from "./outage/runCase.ts"

const { values: options } = parseArgs({
  options: { markdown: { type: "boolean", default: false }, only: { type: "string", multiple: true } }
})

const announce = (line: string): void => {
  process.stderr.write(`outage: ${line}\n`)
}

/** The number of cases that run at a time. They wait far more than they compute. */
const sideBySide = 2

interface Task<A> {
  readonly name: string
  readonly run: () => Promise<A>
}

/** Runs the tasks and resolves with their results in the same order. */
const runAll = async <A>(tasks: ReadonlyArray<Task<A>>): Promise<ReadonlyArray<A>> => {
  const results: Array<A> = []
  const waiting = [...tasks.entries()]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, { name, run }] = next
      announce(`${index + 1} of ${tasks.length}: ${name}`)
      results[index] = await run()
    }
  }
  await Promise.all(Array.from({ length: sideBySide }, work))
  return results
}

const versionsOf = async ({ modules, name, packages }: Library): Promise<string> => {
  const versions = packages.map(async (folder) => {
    const { version } = JSON.parse(await readFile(new URL(`${folder}/package.json`, modules), "utf8"))
    return `${folder} ${version}`
  })
  return `${name}: ${(await Promise.all(versions)).join(", ")}`
}

const redisVersion = async (): Promise<string> => {
  const server = await RedisServer.start()
  try {
    return await serverVersion(server.url)
  } finally {
    await server.stop()
  }
}

for (const name of options.only ?? []) {
  if (![...libraries, ...cutLibraries].some((library) => library.name === name))
    throw new Error(`There is no library ${name} in the table`)
}
const isChosen = ({ name }: Library): boolean => options.only?.includes(name) ?? true
const chosen = libraries.filter(isChosen)
const chosenToCut = cutLibraries.filter(isChosen)
await installPeers(announce)
const machine = [await redisVersion(), `Node ${process.versions.node}`, `${process.platform}, ${cpus().length} cores`]
const versions = [...new Set(await Promise.all([...chosen, ...chosenToCut].map(versionsOf)))]
const caseOf = (library: Library, fault: Fault): Task<CaseResult> => ({
  name: `${library.name}, Redis ${fault}`,
  run: () => runCase(library, fault)
})
const closingOf = (library: Library): Task<ClosingResult> => ({
  name: `${library.name}, closed while Redis is frozen`,
  run: () => runClosing(library)
})
const results = await runAll(faults.flatMap((fault) => chosen.map((library) => caseOf(library, fault))))
const cutOf = (library: Library, kind: CutKind): Task<CutResult> => ({
  name: `${library.name}, connection cut by ${kind}`,
  run: () => runCut(library, kind)
})
const closings = await runAll(chosen.map(closingOf))
const cutResults = await runAll(cutKinds.flatMap((kind) => chosenToCut.map((library) => cutOf(library, kind))))

const secondsOf = (millis: number): string => `${millis / 1_000} s`
const legend = [
  "Each library stands as its documentation first shows it with Redis, on its defaults, in a process of its own.",
  "Every 50 ms it is asked for a stored key that this process never asked for (value, miss, error, hangs), for a key that it wrote and read before (hot: the share with the value), and to set a new key (set, error, hangs).",
  `The fault lasts ${secondsOf(faultLength)}, then Redis is well again for ${secondsOf(recovery)}. Shares and times are of the calls made during the fault, but for its last ${secondsOf(patience)}.`,
  `hangs: neither answered nor failed ${secondsOf(patience)} after the call. A wait of about the fault's length means that nothing but the end of the fault ended it; ">" that it was pending when the run ended.`,
  "back after: from the fault's end to the first value of a key that was never asked for.",
  `late: writes that had failed, or whose caller had given up after ${secondsOf(patience)}, and which Redis carried out after the fault. over newer: the same, where another client writes a newer value at the fault's end; counted are the newer values that were replaced.`,
  "lost: sets that were answered as done during the fault, and are not in Redis at the end of the run.",
  `process: "exits in", it ended by itself once its cache was closed, after the recovery; "does not exit", not within ${secondsOf(exitPatience)}; "ended after", it ended unasked, that long after the fault began, and there are no figures.`,
  "Connection cut: 20 callers read, 20 write and 20 count, each with a pause of 2 ms. counted twice: increments that Redis carried out beyond the calls that were made."
]

const section = (title: string, rows: Rows): string =>
  options.markdown ? `### ${title}\n\n${asMarkdown(rows)}` : `${title}\n\n${asText(rows)}`

const list = (lines: ReadonlyArray<string>): string =>
  lines.map((line) => `${options.markdown ? "-" : " "} ${line}`).join("\n")

const tables = [
  ...faults.map((fault) => section(`Redis ${fault}`, rowsOf(results.filter((result) => result.fault === fault)))),
  section(`Closed while Redis is frozen`, closingRowsOf(closings)),
  ...cutKinds.map((kind) =>
    section(
      `Redis well, connection cut ${cuts} times by ${kind}`,
      cutRowsOf(cutResults.filter((result) => result.kind === kind))
    )
  )
]

console.log([...tables, list(legend), list([machine.join(", "), ...versions])].join("\n\n"))
