/** A storm's report as a table, and what of it breaks a promise. */
import { deadline, type StormReport } from "./Storm.ts"

const mostHeapGrowth = 10_000_000
const mostConnections = 100

/**
 * The promises that a storm broke; none when all is well. `patience` is what a busy machine adds to each time, in
 * milliseconds.
 */
export const judge = (report: StormReport, patience = 0): ReadonlyArray<string> => {
  const promises: ReadonlyArray<readonly [isKept: boolean, broken: string]> = [
    [report.wrong.length === 0, `${report.wrong.length} wrong answers: ${report.wrong.slice(0, 5).join("; ")}`],
    [report.unsettled === 0, `${report.unsettled} operations never ended`],
    [report.slowest <= deadline + 50 + patience, `${report.slowestOperation} took ${report.slowest} ms`],
    [report.unrecovered.length === 0, `nothing succeeded again after ${report.unrecovered}`],
    [
      report.slowestRecovery <= 1_500 + patience,
      `${report.slowestRecovery} ms to recover from ${report.slowestRecoveryOf}`
    ],
    [(report.failures.defect ?? 0) === 0, "an operation ended with a defect"],
    [report.heapGrowth <= mostHeapGrowth, `the heap grew by ${report.heapGrowth} bytes`],
    [report.mostConnections <= mostConnections, `${report.mostConnections} connections at once`]
  ]
  return promises.filter(([isKept]) => !isKept).map(([, broken]) => broken)
}

/** The report as a table of Markdown. */
export const toTable = (report: StormReport): string => {
  const total = (counts: Readonly<Record<string, number>>) =>
    Object.values(counts).reduce((sum, count) => sum + count, 0)
  const list = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([name, count]) => `${count.toLocaleString("en")} ${name}`)
      .join(", ")
  const number = (value: number) => value.toLocaleString("en")
  const rows: ReadonlyArray<readonly [string, string]> = [
    ["faults", `${total(report.faults)}: ${list(report.faults)}`],
    ["operations", `${number(report.operations)}, ${number(report.succeeded)} of them with success`],
    ["failures", list(report.failures)],
    ["never ended", number(report.unsettled)],
    ["wrong answers", `${report.wrong.length} of ${number(report.verified)} verified`],
    ["counters", `${number(report.counted)} times acknowledged <= server <= issued - not executed`],
    ["slowest", `${report.slowest} ms at a deadline of ${deadline} ms: ${report.slowestOperation}`],
    ["slowest recovery", `${report.slowestRecovery} ms, from: ${report.slowestRecoveryOf}`],
    ["waiting at once", `at most ${report.mostInFlight} operations, ${report.mostConnections} connections`],
    ["growth of the heap", `${(report.heapGrowth / 1e6).toFixed(1)} MB`],
    ["event loop late by", `at most ${report.loopLag} ms`]
  ]
  return [
    `| seed ${report.seed}, ${report.seconds} s${report.isNear ? ", with a near cache" : ""} | |`,
    "|---|---|",
    ...rows.map(([name, value]) => `| ${name} | ${value} |`)
  ].join("\n")
}
