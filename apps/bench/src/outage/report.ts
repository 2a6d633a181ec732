import type { Calls } from "./cut/cutProbe.ts"
import type { CutResult } from "./cut/runCut.ts"
import type { Shares, Waited } from "./figures.ts"
import type { CaseResult, ClosingResult, Part, Run } from "./runCase.ts"

/** A table as rows of cells, the titles first. */
export type Rows = ReadonlyArray<ReadonlyArray<string>>

const titles = [
  "",
  "value",
  "miss",
  "error",
  "hangs",
  "hot",
  "set",
  "error",
  "hangs",
  "99 %",
  "slowest",
  "back after",
  "late",
  "over newer",
  "lost",
  "process"
]

/** Lays out the results of one fault. */
export const rowsOf = (results: ReadonlyArray<CaseResult>): Rows => [titles, ...results.map(rowOf)]

const rowOf = ({ crash, library, run }: CaseResult): ReadonlyArray<string> => {
  if (run !== undefined) return [library, ...cellsOf(run)]
  const ending = crash === undefined ? "?" : `ended after ${seconds(crash.afterMillis)}: ${crash.words}`
  return [library, ...titles.slice(2).map(() => "–"), ending]
}

/** Lays out how the processes ended that were closed while Redis was frozen. */
export const closingRowsOf = (results: ReadonlyArray<ClosingResult>): Rows => [
  ["", "process"],
  ...results.map(({ exitMillis, library }) => [library, exit(exitMillis)])
]

/** Lays out what became of calls while the connection was cut. */
export const cutRowsOf = (results: ReadonlyArray<CutResult>): Rows => [
  ["", "reads failed", "writes failed", "increments failed", "counted twice", "slowest"],
  ...results.map(({ countedTwice, increments, library, reads, slowest, writes, wrong }) => [
    library,
    ...[reads, writes, increments].map(failed),
    `${countedTwice}`,
    `${seconds(slowest)}${wrong === 0 ? "" : ", WRONG VALUES"}`
  ])
]

const failed = ({ count, failed }: Calls): string => `${failed} of ${count.toLocaleString("en")}`

const cellsOf = ({ exitMillis, figures, late, lost, overNewer }: Run): ReadonlyArray<string> => [
  ...[figures.cold.right, figures.cold.miss, figures.cold.failed, figures.cold.hangs].map(percent),
  percent(figures.hot.right),
  ...[figures.set.right, figures.set.failed, figures.set.hangs].map(percent),
  wait(figures.p99),
  wait(figures.slowest),
  figures.backAfter === undefined ? "never" : seconds(figures.backAfter),
  ...[late, overNewer, lost].map(part),
  `${exit(exitMillis)}${wrong(figures)}`
]

const exit = (millis: number | undefined): string =>
  millis === undefined ? "does not exit" : `exits in ${seconds(millis)}`

/** The wrong values, which no cache may return. */
const wrong = ({ cold, hot }: { readonly cold: Shares; readonly hot: Shares }): string =>
  cold.wrong + hot.wrong === 0 ? "" : ", WRONG VALUES"

const percent = (share: number): string => `${Math.round(share * 100)} %`

const wait = ({ millis, unsettled }: Waited): string => `${unsettled ? "> " : ""}${seconds(millis)}`

const seconds = (millis: number): string => `${(millis / 1_000).toFixed(millis < 9_950 ? 2 : 1)} s`

const part = ({ count, of }: Part): string => (of === 0 ? "–" : `${count}/${of}`)

/** Aligned text. */
export const asText = (rows: Rows): string => {
  const columns = rows[0]?.length ?? 0
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0))
  )
  const aligned = (cell: string, column: number): string => {
    const width = widths[column] ?? 0
    return isLeft(column, columns) ? cell.padEnd(width) : cell.padStart(width)
  }
  return rows.map((row) => row.map(aligned).join("  ").trimEnd()).join("\n")
}

/** A table in markdown. */
export const asMarkdown = ([titles = [], ...body]: Rows): string => {
  const rule = titles.map((_, column) => (isLeft(column, titles.length) ? "---" : "---:"))
  return [titles, rule, ...body].map((row) => `| ${row.join(" | ")} |`).join("\n")
}

/** Names and the last column's words stand on the left, figures on the right. */
const isLeft = (column: number, columns: number): boolean => column === 0 || column === columns - 1
