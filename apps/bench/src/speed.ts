/**
 * The speed bench: what an operation costs, hexcache side by side with other caches and with bare clients.
 */
import { parseArgs } from "node:util"
import { RedisServer } from "@hexcache/redis-testkit"
import { installPeers } from "./outage/installPeers.ts"
import { asText } from "./outage/report.ts"
import { type CaseResult, compare } from "./speed/compare.ts"
import { pin } from "./speed/pin.ts"
import { randomFrom } from "./speed/random.ts"
import { lackingOf, rowsOf, titleOf } from "./speed/table.ts"
import type { Effort } from "./speed/Work.ts"
import { works } from "./speed/works/index.ts"

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: {
    "in-flight": { type: "string" },
    size: { type: "string" },
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    seed: { type: "string" }
  }
})

const announce = (line: string): void => {
  process.stderr.write(`bench: ${line}\n`)
}

const effort: Effort = options.quick
  ? { processes: 1, roundsAProcess: 3, millis: 150, warmUpMillis: 100, steadyMillis: 10_000 }
  : { processes: 3, roundsAProcess: 3, millis: 300, warmUpMillis: 200, steadyMillis: 60_000 }

const listOf = (option: string | undefined): ReadonlyArray<string> | undefined => option?.split(",")

for (const name of positionals) {
  if (!works.some((work) => work.name === name)) {
    throw new Error(`There is no work ${name}; there are ${works.map((work) => work.name).join(", ")}`)
  }
}
const [only, inFlights, sizes] = [options.only, options["in-flight"], options.size].map(listOf)
const chosen = works
  .filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  .map((work) => ({
    ...work,
    entrants: work.entrants.filter(({ name }) => name === work.baseline || (only?.includes(name) ?? true)),
    variants: work.variants.filter(
      ({ inFlight, size }) => (inFlights?.includes(`${inFlight}`) ?? true) && (sizes?.includes(`${size}`) ?? true)
    )
  }))

const seed = Number(options.seed ?? Date.now() % 1_000_000)
const random = randomFrom(seed)
announce(`seed ${seed}`)
if (chosen.some(({ entrants }) => entrants.some(({ isPeer }) => isPeer))) await installPeers(announce)

const server = await RedisServer.start()
const results: Array<CaseResult> = []
try {
  announce(await pin(server.pid))
  for (const work of chosen) {
    for (const variant of work.variants) {
      const result = await compare(work, variant, effort, { random, url: server.url })
      results.push(result)
      console.log(
        [titleOf(work, variant), asText(rowsOf(work, result)), lackingOf(result), ""]
          .filter((part) => part !== undefined)
          .join("\n")
      )
    }
  }
} finally {
  await server.stop()
}
