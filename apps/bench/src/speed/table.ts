import type { Rows } from "../outage/report.ts"
import type { CaseResult } from "./compare.ts"
import { figuresOf } from "./figures.ts"
import { isNoisy, type Spread } from "./statistics.ts"
import type { Variant, Work } from "./Work.ts"

/** A case, as the tables name it. */
export const titleOf = ({ title, variants }: Work, { inFlight, size }: Variant): string =>
  [
    title,
    ...(variants.some((each) => each.inFlight > 1) ? [`${inFlight} in flight`] : []),
    ...(size === undefined ? [] : [bytes(size)])
  ].join(", ")

const bytes = (size: number): string => (size < 1_000 ? `${size} B` : `${size / 1_000} KB`)

/** One case: a row for each entrant. A `~` stands before ratios whose quartiles lie far apart. */
export const rowsOf = ({ baseline, unit = "operations" }: Work, result: CaseResult): Rows => {
  const figures = figuresOf(result, baseline)
  const besides = Object.keys(figures[0]?.beside ?? {})
  return [
    ["", `${unit} a second`, `x ${baseline}`, "CPU µs", ...besides, "quartiles of x"],
    ...figures.map(({ beside, cpuMicros, entrant, perSecond, ratio }) => [
      entrant,
      Math.round(perSecond.median).toLocaleString("en"),
      marked(ratio),
      short(cpuMicros.median),
      ...besides.map((name) => short(beside[name] ?? 0)),
      `${short(ratio.low)} to ${short(ratio.high)}`
    ])
  ]
}

/** The entrants that were left out, if any. */
export const lackingOf = ({ lacking }: CaseResult): string | undefined =>
  lacking.length === 0
    ? undefined
    : `Left out: ${lacking.map(({ entrant, operation }) => `${entrant} (no ${operation})`).join(", ")}.`

const marked = (ratio: Spread): string => `${isNoisy(ratio) ? "~" : ""}${short(ratio.median)}`

/** Three digits, or all before the point. */
export const short = (figure: number): string =>
  figure >= 100 ? Math.round(figure).toLocaleString("en") : figure >= 10 ? figure.toFixed(1) : figure.toFixed(2)
