import type { Rows } from "../outage/report.ts"
import type { CaseResult } from "./compare.ts"
import { figuresOf } from "./figures.ts"
import { isNoisy, type Spread } from "./statistics.ts"
import type { Variant, Work } from "./Work.ts"

export const titleOf = ({ title }: Work, { inFlight, size }: Variant): string =>
  `${title}, ${inFlight} in flight, ${bytes(size)}`

const bytes = (size: number): string => (size < 1_000 ? `${size} B` : `${size / 1_000} KB`)

/** One case: a row for each entrant. */
export const rowsOf = (work: Work, result: CaseResult): Rows => [
  ["", "a second", `x ${work.baseline}`, "quartiles", "CPU µs"],
  ...figuresOf(result, work.baseline).map(({ cpuMicros, entrant, perSecond, ratio }) => [
    entrant,
    Math.round(perSecond.median).toLocaleString("en"),
    `${isNoisy(ratio) ? "~" : ""}${short(ratio.median)}`,
    quartiles(ratio),
    short(cpuMicros.median)
  ])
]

/** Who was left out. */
export const lackingLine = ({ lacking }: CaseResult): string | undefined =>
  lacking.length === 0
    ? undefined
    : `Left out: ${lacking.map(({ entrant, operation }) => `${entrant} (no ${operation})`).join(", ")}.`

const quartiles = ({ high, low }: Spread): string => `${short(low)} to ${short(high)}`

/** Three digits, or all before the point. */
export const short = (figure: number): string =>
  figure >= 100 ? `${Math.round(figure)}` : figure >= 10 ? figure.toFixed(1) : figure.toFixed(2)
