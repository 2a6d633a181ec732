/**
 * The speed bench: hexcache side by side with other caches and with bare clients, on Redis and in memory.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { relative } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { randomFrom } from "@hexcache/cache-port/test-support/SeededRandom"
import { RedisServer } from "@hexcache/redis-testkit"
import { installPeers } from "./outage/installPeers.ts"
import { asText } from "./outage/report.ts"
import { type CaseResult, compare } from "./speed/compare.ts"
import { panelsOf, withMeasured } from "./speed/document.ts"
import { machineOf, versionsOf } from "./speed/machine.ts"
import { pin } from "./speed/pin.ts"
import { plotOf } from "./speed/plot.ts"
import type { Recorded } from "./speed/Recorded.ts"
import { lackingOf, rowsOf, titleOf } from "./speed/table.ts"
import type { Effort, Variant, Work } from "./speed/Work.ts"
import { works } from "./speed/works/index.ts"

const { positionals: names, values: options } = parseArgs({
  allowPositionals: true,
  options: {
    "in-flight": { type: "string" },
    size: { type: "string" },
    only: { type: "string", multiple: true },
    quick: { type: "boolean", default: false },
    seed: { type: "string" },
    write: { type: "boolean", default: false },
    from: { type: "string" }
  }
})

/** The warm-up is for V8, which compiles what runs often: more code needs more of it, and a server runs for days. */
const thorough: Effort = { processes: 2, roundsAProcess: 3, millis: 200, warmUpMillis: 1_000, steadyMillis: 60_000 }
const quick: Effort = { processes: 1, roundsAProcess: 3, millis: 150, warmUpMillis: 100, steadyMillis: 10_000 }

const announce = (line: string): void => {
  process.stderr.write(`bench: ${line}\n`)
}

/** The works, variants and entrants that the command line names; a baseline always takes part. */
const chosenWorks = (): ReadonlyArray<Work> => {
  for (const name of names) {
    if (!works.some((work) => work.name === name)) {
      throw new Error(`There is no work ${name}; there are ${works.map((work) => work.name).join(", ")}`)
    }
  }
  for (const name of options.only ?? []) {
    if (!works.some(({ entrants }) => entrants.some((entrant) => entrant.name === name))) {
      throw new Error(`There is no contestant ${name}`)
    }
  }
  const inFlights = options["in-flight"]?.split(",").map(Number)
  const sizes = options.size?.split(",").map(Number)
  const isChosen = ({ inFlight, size }: Variant): boolean =>
    (inFlights?.includes(inFlight) ?? true) && (size === undefined || (sizes?.includes(size) ?? true))
  return works
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .map((work) => ({
      ...work,
      variants: work.variants.filter(isChosen),
      entrants: work.entrants.filter(({ name }) => name === work.baseline || (options.only?.includes(name) ?? true))
    }))
}

const print = (work: Work, result: CaseResult): void => {
  const lines = [titleOf(work, result.variant), asText(rowsOf(work, result)), lackingOf(result), ""]
  console.log(lines.filter((line) => line !== undefined).join("\n"))
}

const measureAll = async (chosen: ReadonlyArray<Work>, effort: Effort): Promise<Recorded> => {
  const entrants = chosen.flatMap((work) => work.entrants)
  if (entrants.some(({ isPeer }) => isPeer)) await installPeers(announce)
  const seed = Number(options.seed ?? Date.now() % 1_000_000)
  const setting = { random: randomFrom(seed) }
  const server = await RedisServer.start()
  try {
    announce(`seed ${seed}; ${await pin(server.pid)}`)
    const cases: Array<CaseResult> = []
    for (const work of chosen) {
      for (const variant of work.variants) {
        const result = await compare(work, variant, effort, { ...setting, url: server.url })
        cases.push(result)
        print(work, result)
      }
    }
    const date = new Date().toISOString().slice(0, 10)
    const [machine, versions] = [await machineOf(server.url), await versionsOf(entrants)]
    return { date, seed, effort, machine, versions, cases }
  } finally {
    await server.stop()
  }
}

const results = new URL("../results/", import.meta.url)
const docs = new URL("../../../docs/", import.meta.url)

/** Keeps the raw figures. */
const keep = async (recorded: Recorded): Promise<void> => {
  const file = new URL(`speed-${new Date().toISOString().replaceAll(":", "-")}.json`, results)
  await mkdir(results, { recursive: true })
  await writeFile(file, JSON.stringify(recorded))
  announce(`the raw figures are in ${relative(process.cwd(), fileURLToPath(file))}`)
}

const writeDocument = async (recorded: Recorded): Promise<void> => {
  const document = new URL("../MEASUREMENTS.md", import.meta.url)
  await writeFile(document, withMeasured(await readFile(document, "utf8"), recorded))
  await writeFile(new URL("performance.svg", docs), plotOf(panelsOf(recorded)))
  announce("apps/bench/MEASUREMENTS.md and docs/performance.svg are written")
}

if (options.from === undefined) {
  const start = performance.now()
  const recorded = await measureAll(chosenWorks(), options.quick ? quick : thorough)
  await keep(recorded)
  announce(`took ${Math.round((performance.now() - start) / 60_000)} minutes`)
  const isWhole = names.length === 0 && !options.quick && !options["in-flight"] && !options.size && !options.only
  if (isWhole || options.write) await writeDocument(recorded)
} else {
  await writeDocument(JSON.parse(await readFile(options.from, "utf8")))
}
