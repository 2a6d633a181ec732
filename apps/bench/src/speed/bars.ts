import type { CaseResult } from "./compare.ts"
import { figuresOf, ratioOf } from "./figures.ts"
import type { Variant } from "./Work.ts"

/** A bar that hexcache is to reach in one case. */
interface Case extends Partial<Variant> {
  readonly work: string
}

/** A ratio of speeds: to one other, to the best of some, or to any other. */
interface SpeedBar extends Case {
  readonly least: number
  readonly against: string | ReadonlyArray<string> | "all"
  /** The entrant in question. Defaults to hexcache. */
  readonly of?: string
  /** True if it is met as soon as the upper quartile reaches it: one in flight shows nothing finer. */
  readonly isCoarse?: boolean
}

/** The most of what was watched beside. */
interface LimitBar extends Case {
  readonly watched: string
  readonly most: number
}

export type Bar = SpeedBar | LimitBar

const asItComes = "node-redis"
const timeoutOff = "node-redis, timeout off"
const libraries = [
  "ioredis",
  "ioredis, auto-pipelining",
  "valkey-glide",
  "keyv",
  "cache-manager",
  "cacheable",
  "bentocache",
  "Effect Redis",
  "Effect Persistence"
]
/** Those that turn values into texts themselves. */
const serializing = ["keyv", "cache-manager", "cacheable", "bentocache", "Effect Persistence"]
const memoryLibraries = ["cacheable-memory", "keyv", "cache-manager", "bentocache", "Effect Cache"]

const grown = { least: 1 / 1.5, of: "hexcache, 1,000,000 keys", against: "hexcache, 10,000 keys" }

/** The bars to meet, in the order of the document. */
export const bars: ReadonlyArray<Bar> = [
  { work: "get", size: 100, inFlight: 64, least: 2.5, against: asItComes },
  { work: "get", size: 100, inFlight: 64, least: 1, against: timeoutOff },
  { work: "get", size: 100, inFlight: 64, least: 1.9, against: libraries },
  { work: "get", size: 100, inFlight: 512, least: 4, against: asItComes },
  { work: "get", size: 100, inFlight: 512, least: 1.6, against: timeoutOff },
  { work: "get", size: 100, inFlight: 512, least: 3, against: libraries },
  { work: "get", size: 10_000, inFlight: 64, least: 0.95, against: timeoutOff },
  { work: "get", size: 10_000, inFlight: 512, least: 0.95, against: timeoutOff },
  { work: "set", size: 100, inFlight: 64, least: 1.6, against: asItComes },
  { work: "set", size: 100, inFlight: 512, least: 2, against: asItComes },
  { work: "increment", inFlight: 64, least: 1.5, against: asItComes },
  { work: "increment", inFlight: 512, least: 1.5, against: asItComes },
  { work: "hotKeys", inFlight: 512, least: 6, against: asItComes },
  { work: "get", size: 100, inFlight: 1, least: 1, against: asItComes, isCoarse: true },
  { work: "get", size: 10_000, inFlight: 1, least: 1, against: asItComes, isCoarse: true },
  { work: "miss", inFlight: 1, least: 1, against: asItComes, isCoarse: true },
  { work: "set", size: 100, inFlight: 1, least: 1, against: asItComes, isCoarse: true },
  { work: "set", size: 10_000, inFlight: 1, least: 1, against: asItComes, isCoarse: true },
  { work: "increment", inFlight: 1, least: 1, against: asItComes, isCoarse: true },
  { work: "getMany", inFlight: 16, least: 1.4, against: asItComes },
  { work: "getMany", inFlight: 16, least: 1, against: "all" },
  { work: "setMany", inFlight: 16, least: 1.5, against: asItComes },
  { work: "setMany", inFlight: 16, least: 1, against: "all" },
  { work: "getJson", inFlight: 64, least: 1.5, against: asItComes },
  { work: "getJson", inFlight: 64, least: 2, against: serializing },
  { work: "setJson", inFlight: 64, least: 1.2, against: asItComes },
  { work: "setJson", inFlight: 64, least: 2, against: serializing },
  { work: "deletePattern", least: 45, against: asItComes },
  { work: "deletePattern", least: 1, against: "keyv" },
  { work: "deletePattern", watched: "longest PING, ms", most: 10 },
  { work: "near", inFlight: 64, least: 20, against: asItComes },
  { work: "near", inFlight: 64, least: 6, against: "node-redis, clientSideCache" },
  { work: "near", inFlight: 64, least: 4, against: "bentocache, two levels" },
  { work: "memoryGet", least: 0.25, against: "lru-cache" },
  { work: "memoryGet", least: 2, against: memoryLibraries },
  { work: "memorySet", least: 0.25, against: "lru-cache" },
  { work: "memorySet", least: 2, against: memoryLibraries },
  { work: "steady", watched: "longest stall, ms", most: 30 },
  { work: "steady", watched: "peak resident, MB", most: 300 },
  { work: "getManyGrowth", ...grown },
  { work: "deletePatternGrowth", ...grown },
  { work: "memoryGrowth", ...grown }
]

/** A bar, and the measurement. */
export interface Judged {
  readonly bar: Bar
  readonly result: CaseResult
  readonly measured: number
  /** The one that comes nearest, where the bar is against several. */
  readonly against?: string
  readonly isMet: boolean
}

/** Judges a bar; nothing where it was not measured. */
export const judge = (bar: Bar, cases: ReadonlyArray<CaseResult>): Judged | undefined => {
  const result = cases.find(
    ({ variant, work }) =>
      work === bar.work &&
      (bar.inFlight === undefined || variant.inFlight === bar.inFlight) &&
      (bar.size === undefined || variant.size === bar.size)
  )
  if (result === undefined) return undefined
  return "most" in bar ? judgeLimit(bar, result) : judgeSpeed(bar, result)
}

const judgeLimit = (bar: LimitBar, result: CaseResult): Judged | undefined => {
  const [any] = result.results
  if (any === undefined) return undefined
  const measured = figuresOf(result, any.entrant).find(({ entrant }) => entrant === "hexcache")?.beside[bar.watched]
  return measured === undefined ? undefined : { bar, result, measured, isMet: measured < bar.most }
}

const judgeSpeed = (bar: SpeedBar, result: CaseResult): Judged | undefined => {
  const { against, isCoarse = false, least, of = "hexcache" } = bar
  const names = result.results.map(({ entrant }) => entrant)
  const others = names.filter((name) => name !== of && (against === "all" || [against].flat().includes(name)))
  if (!names.includes(of) || others.length === 0) return undefined
  const [nearest] = others
    .map((other) => ({ other, ratio: ratioOf(result, of, other) }))
    .toSorted((one, two) => one.ratio.median - two.ratio.median)
  if (nearest === undefined) return undefined
  const { median, high } = nearest.ratio
  return { bar, result, measured: median, against: nearest.other, isMet: (isCoarse ? high : median) >= least }
}
