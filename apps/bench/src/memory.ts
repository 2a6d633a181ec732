/**
 * The memory driver, through the port, against bare lru-cache: time an operation, side by side in one process, the
 * rounds interleaved. Both are bounded by entries.
 */
import { open as openHexcache } from "./memory/hexcache.ts"
import type { Open, Subject } from "./memory/Subject.ts"
import { installPeers } from "./outage/installPeers.ts"
import { peersFolder } from "./outage/Library.ts"
import { asText } from "./outage/report.ts"

const rounds = 11
const warmUps = 3
const entries = 100_000

await installPeers((line) => process.stderr.write(`memory: ${line}\n`))
const { open: openLruCache } = (await import(new URL("lruCache.ts", peersFolder).href)) as { readonly open: Open }

const keysOf = (name: string, count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, key) => `${name}:${key}`)

/** The same keys in an order that is the same in every run, and follows nothing. */
const shuffled = (keys: ReadonlyArray<string>): ReadonlyArray<string> => {
  const order = [...keys]
  let seed = 1
  for (let at = order.length - 1; at > 0; at--) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    const other = seed % (at + 1)
    const key = order[at] as string
    order[at] = order[other] as string
    order[other] = key
  }
  return order
}

/** What one round does; answers the microseconds that an operation took. */
type Round = (subject: Subject) => number

const microsOf = (operations: number, run: () => void): number => {
  const start = process.hrtime.bigint()
  run()
  return Number(process.hrtime.bigint() - start) / 1_000 / operations
}

const held = keysOf("key", entries)
const random = shuffled(held)
const getHit: Round = (subject) =>
  microsOf(entries, () => {
    const hits = subject.get(random)
    if (hits !== entries) throw new Error(`Only ${hits} of ${entries} gets were hits`)
  })
const overwrite: Round = (subject) => microsOf(entries, () => subject.set(random, "another value"))

let generation = 0
const evict = (): Round => {
  const strangers = keysOf(`stranger-${generation++}`, entries)
  return (subject) => microsOf(entries, () => subject.set(strangers, "value"))
}

const quantile = (sorted: ReadonlyArray<number>, part: number): number =>
  sorted[Math.round((sorted.length - 1) * part)] as number

const summary = (micros: ReadonlyArray<number>) => {
  const sorted = micros.toSorted((one, other) => one - other)
  return { low: quantile(sorted, 0.25), median: quantile(sorted, 0.5), high: quantile(sorted, 0.75) }
}

const figure = (micros: number): string => micros.toFixed(3)

/** Runs the same rounds on both, one after the other in turns, and answers a row of the table. */
const compare = async (name: string, roundOf: () => Round): Promise<ReadonlyArray<string>> => {
  const subjects = [await openHexcache(entries), await openLruCache(entries)]
  const micros: ReadonlyArray<Array<number>> = subjects.map(() => [])
  for (const subject of subjects) subject.set(held, "value")
  for (let round = -warmUps; round < rounds; round++) {
    const run = roundOf()
    for (const turn of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const took = run(subjects[turn] as Subject)
      if (round >= 0) micros[turn]?.push(took)
    }
  }
  for (const subject of subjects) await subject.close()
  const [ours, lru] = micros.map(summary) as [ReturnType<typeof summary>, ReturnType<typeof summary>]
  const ratios = summary((micros[1] as Array<number>).map((took, round) => took / (micros[0]?.[round] as number)))
  return [
    name,
    `${figure(ours.median)} (${figure(ours.low)} to ${figure(ours.high)})`,
    `${figure(lru.median)} (${figure(lru.low)} to ${figure(lru.high)})`,
    `${ratios.median.toFixed(2)} (${ratios.low.toFixed(2)} to ${ratios.high.toFixed(2)})`
  ]
}

/** Microseconds a set while an empty cache is filled with so many entries, of one million sets in all. */
const filling = async (open: Open, count: number, keys: ReadonlyArray<string>): Promise<number> => {
  let micros = 0
  const fills = keys.length / count
  for (let fill = 0; fill < fills; fill++) {
    const part = keys.slice(fill * count, (fill + 1) * count)
    const subject = await open(count)
    micros += microsOf(count, () => subject.set(part, "value"))
    await subject.close()
  }
  return micros / fills
}

const growth = async (name: string, open: Open): Promise<ReadonlyArray<string>> => {
  const few: Array<number> = []
  const many: Array<number> = []
  for (let round = -1; round < 5; round++) {
    // Keys of their own, since a string keeps its hash once it was looked up.
    const fresh = () => keysOf(`fill-${generation++}`, 1_000_000)
    const [least, most] = [await filling(open, 10_000, fresh()), await filling(open, 1_000_000, fresh())]
    if (round < 0) continue
    few.push(least)
    many.push(most)
  }
  const [least, most] = [summary(few).median, summary(many).median]
  return [name, figure(least), figure(most), (most / least).toFixed(2)]
}

console.log(
  asText([
    ["µs an operation, 100,000 entries", "hexcache", "lru-cache", "x lru-cache"],
    await compare("get, a hit", () => getHit),
    await compare("set, of a key that is held", () => overwrite),
    await compare("set, evicting", evict)
  ])
)
console.log()
console.log(
  asText([
    ["µs a set, filling", "10,000", "1,000,000", "ratio"],
    await growth("hexcache", openHexcache),
    await growth("lru-cache", openLruCache)
  ])
)
