import { asMarkdown } from "../outage/report.ts"
import { bars, type Judged, judge } from "./bars.ts"
import { figuresOf } from "./figures.ts"
import type { Panel } from "./plot.ts"
import type { Recorded } from "./Recorded.ts"
import { lackingOf, rowsOf, short, titleOf } from "./table.ts"
import type { Work } from "./Work.ts"
import { works } from "./works/index.ts"

const begin = "<!-- measured: written by the bench -->"
const end = "<!-- /measured -->"

/** The document with what was measured in place of what it held between the markers. */
export const withMeasured = (document: string, recorded: Recorded): string => {
  const from = document.indexOf(begin)
  const to = document.indexOf(end)
  if (from < 0 || to < from) throw new Error("The document has no place for what is measured")
  return `${document.slice(0, from)}${begin}\n\n${measured(recorded)}\n\n${document.slice(to)}`
}

const measured = (recorded: Recorded): string =>
  [settingOf(recorded), "### The bars", barsOf(recorded), "### Every case", ...tablesOf(recorded)].join("\n\n")

const settingOf = ({ date, effort, machine, seed, versions }: Recorded): string =>
  [
    `Taken on ${date}, seed ${seed}: ${effort.processes * effort.roundsAProcess} rounds of ${effort.millis} ms over ${effort.processes} fresh processes of each contestant.`,
    `Machine: ${machine.join("; ")}.`,
    `Versions: ${versions.join(", ")}.`
  ].join("\n\n")

const barsOf = ({ cases }: Recorded): string =>
  asMarkdown([
    ["work", "against", "bar", "measured", ""],
    ...bars.flatMap((bar) => {
      const judged = judge(bar, cases)
      return judged === undefined ? [] : [barRow(judged)]
    })
  ])

const barRow = ({ against, bar, isMet, measured, result }: Judged): ReadonlyArray<string> => [
  titleOf(workOf(result.work), result.variant),
  "most" in bar ? bar.watched : against === bar.against ? against : `the best other: ${against}`,
  "most" in bar ? `under ${bar.most}` : `${short(bar.least)} x${bar.isCoarse ? " (upper quartile)" : ""}`,
  "most" in bar ? short(measured) : `${short(measured)} x`,
  isMet ? "met" : "**not met**"
]

const tablesOf = ({ cases }: Recorded): ReadonlyArray<string> =>
  cases.flatMap((result) => {
    const work = workOf(result.work)
    const lacking = lackingOf(result)
    return [
      `#### ${titleOf(work, result.variant)}`,
      asMarkdown(rowsOf(work, result)),
      ...(lacking === undefined ? [] : [lacking])
    ]
  })

const workOf = (name: string): Work => {
  const found = works.find((work) => work.name === name)
  if (found === undefined) throw new Error(`There is no work ${name}`)
  return found
}

/** The cases that the plot shows, where they were measured. */
export const panelsOf = ({ cases }: Recorded): ReadonlyArray<Panel> =>
  plotted.flatMap(({ inFlight, size, work: name }) => {
    const work = workOf(name)
    const result = cases.find(
      ({ variant, work }) => work === name && variant.inFlight === inFlight && variant.size === size
    )
    if (result === undefined) return []
    const title = `${titleOf(work, result.variant)}: x ${work.baseline}`
    const rows = figuresOf(result, work.baseline).map(({ entrant, ratio }) => ({ name: entrant, ratio }))
    return [{ title, rows: rows.toSorted((one, other) => other.ratio.median - one.ratio.median) }]
  })

const plotted = [
  { work: "get", inFlight: 64, size: 100 },
  { work: "get", inFlight: 512, size: 100 },
  { work: "set", inFlight: 64, size: 100 },
  { work: "increment", inFlight: 64, size: undefined },
  { work: "getMany", inFlight: 16, size: 100 },
  { work: "setMany", inFlight: 16, size: 100 },
  { work: "getJson", inFlight: 64, size: undefined },
  { work: "hotKeys", inFlight: 512, size: 100 },
  { work: "near", inFlight: 64, size: 100 },
  { work: "memoryGet", inFlight: 1, size: undefined }
]
