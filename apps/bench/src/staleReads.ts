/**
 * The stale reads: schedules of a few callers after which a cache goes on to serve a value that is older than a change
 * which it has acknowledged. Each library runs in a thread whose time is simulated.
 */
import { availableParallelism } from "node:os"
import { parseArgs } from "node:util"
import { isMainThread, parentPort, Worker } from "node:worker_threads"
import { installPeers } from "./outage/installPeers.ts"
import { asMarkdown, asText } from "./outage/report.ts"
import { versionsOf } from "./speed/machine.ts"
import type { Open } from "./staleReads/CacheProcess.ts"
import { replaceTime } from "./staleReads/Clock.ts"
import { entrants, type StaleReadsEntrant } from "./staleReads/entrants.ts"
import { type KindResult, legend, rowsOf, type StaleReadsResult, schedulesOf, type Told } from "./staleReads/report.ts"
import { busy, type ChangeKind, scenarios } from "./staleReads/scenarios.ts"
import { describe, exploreAll, lastsFor, type StaleRead, type Subject, walk } from "./staleReads/search.ts"

interface Work {
  readonly entrant: StaleReadsEntrant
  readonly episodes: number
  readonly seed: number
  /** The most schedules of a scenario. */
  readonly most: number
}

const work = async ({ entrant, episodes, most, seed }: Work): Promise<StaleReadsResult> => {
  const clock = replaceTime()
  const { [entrant.open]: open } = (await import(entrant.module)) as Record<string, Open>
  if (open === undefined) throw new Error(`${entrant.module} has no ${entrant.open}`)
  const resultOf = async (kind: ChangeKind): Promise<KindResult> => {
    const subject = { open, clock, kind }
    const { isComplete, other, own, schedules } = await exploreAll(subject, scenarios, most)
    return {
      kind,
      schedules,
      isComplete,
      own: await tell(subject, own),
      other: await tell(subject, other),
      episodes,
      stale: await walk(subject, busy, episodes, seed)
    }
  }
  const kinds: Array<KindResult> = []
  for (const kind of entrant.kinds) kinds.push(await resultOf(kind))
  return { name: entrant.name, kinds }
}

const tell = async (subject: Subject, found: StaleRead | undefined): Promise<Told | undefined> =>
  found && {
    reader: found.reader,
    scenario: found.scenario.name,
    steps: await describe(subject, found),
    seconds: await lastsFor(subject, found)
  }

/** Gives each work to a thread of its own, as many at a time as there are processors. */
const inThreads = async (
  all: ReadonlyArray<Work>,
  onDone: (result: StaleReadsResult) => void
): Promise<ReadonlyArray<StaleReadsResult>> => {
  const results: Array<StaleReadsResult> = []
  const left = [...all.entries()]
  const next = async (): Promise<void> => {
    for (let task = left.shift(); task !== undefined; task = left.shift()) {
      const [index, work] = task
      const worker = new Worker(new URL(import.meta.url))
      const result = await new Promise<StaleReadsResult>((resolve, reject) => {
        worker.once("message", resolve)
        worker.once("error", reject)
        worker.postMessage(work)
      })
      await worker.terminate()
      results[index] = result
      onDone(result)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, next))
  return results
}

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      all: { type: "boolean", default: false },
      markdown: { type: "boolean", default: false },
      only: { type: "string", multiple: true },
      random: { type: "string", default: "1000" },
      seed: { type: "string", default: "1" },
      most: { type: "string", default: "100000" }
    }
  })
  for (const name of values.only ?? [])
    if (!entrants.some((entrant) => entrant.name === name)) throw new Error(`There is no library ${name} in the table`)
  const chosen = entrants.filter(({ name }) => values.only?.includes(name) ?? true)
  const announce = (line: string): void => {
    process.stderr.write(`stale-reads: ${line}\n`)
  }
  if (chosen.some(({ isPeer }) => isPeer)) await installPeers(announce)
  const results = await inThreads(
    chosen.map((entrant) => ({
      entrant,
      episodes: Number(values.random),
      seed: Number(values.seed),
      most: Number(values.most)
    })),
    ({ name }) => announce(name)
  )
  const shown: ReadonlyArray<ChangeKind> = values.all ? ["delete", "tag", "set"] : ["delete"]
  const schedules = results.map((result) => schedulesOf(result, shown)).filter((text) => text !== "")
  const table = values.markdown ? asMarkdown(rowsOf(results)) : asText(rowsOf(results))
  console.log([...schedules, table, legend.join("\n"), (await versionsOf(chosen)).join(", ")].join("\n\n"))
}

if (isMainThread) await main()
else
  parentPort?.once("message", async (next: Work) => {
    parentPort?.postMessage(await work(next))
  })
