import type { Rows } from "../outage/report.ts"
import type { ChangeKind } from "./scenarios.ts"

/** A stale read, as the report states it. */
export interface Told {
  readonly reader: string
  readonly scenario: string
  readonly steps: ReadonlyArray<string>
  /** For how many seconds the older value is read. */
  readonly seconds: number
}

/** The findings about one library, for one way in which changes are made known to it. */
export interface KindResult {
  readonly kind: ChangeKind
  readonly schedules: number
  readonly isComplete: boolean
  readonly own: Told | undefined
  readonly other: Told | undefined
  /** Schedules drawn at random, and those among them that ended in a stale read. */
  readonly episodes: number
  readonly stale: number
}

export interface StaleReadsResult {
  readonly name: string
  readonly kinds: ReadonlyArray<KindResult>
}

/** One row a library. */
export const rowsOf = (results: ReadonlyArray<StaleReadsResult>): Rows => [
  ["", "deleted", "by tag", "set", "read for", "schedules", "stale at random"],
  ...results.map(({ kinds, name }) => {
    const cellOf = (kind: ChangeKind): string => stepsOf(kinds.find((result) => result.kind === kind))
    const sumOf = (of: (result: KindResult) => number): string =>
      kinds.reduce((sum, result) => sum + of(result), 0).toLocaleString("en")
    return [
      name,
      cellOf("delete"),
      cellOf("tag"),
      cellOf("set"),
      lifeOf(kinds),
      sumOf(({ schedules }) => schedules),
      `${sumOf(({ stale }) => stale)} of ${sumOf(({ episodes }) => episodes)}`
    ]
  })
]

/** "none of n" would be a promise: a search that gave up says so. */
const stepsOf = (result: KindResult | undefined): string => {
  if (result === undefined) return "no tags"
  const { isComplete, other, own } = result
  if (own === undefined && other === undefined) return isComplete ? "none" : "none so far"
  return [own, other].map((told) => told?.steps.length ?? "none").join(" / ")
}

const lifeOf = (kinds: ReadonlyArray<KindResult>): string => {
  const seconds = Math.max(...kinds.flatMap(({ other, own }) => [own?.seconds ?? 0, other?.seconds ?? 0]))
  return seconds === 0 ? "" : `${seconds} s`
}

/** How the table is read. */
export const legend = [
  "deleted, by tag, set: how a change is made known to the cache. The figures are the steps of the shortest schedule after which the process that made the change reads the older value, and after which another one does.",
  "read for: how long that goes on, where the key is read every second and kept for 60 s.",
  "schedules: those that were run; all of them where nothing was found, else all up to the length of those that were.",
  "stale at random: schedules of three processes, drawn at random, after which one of them reads the older value."
]

/** The shortest schedules of a library, step by step. */
export const schedulesOf = ({ kinds, name }: StaleReadsResult, shown: ReadonlyArray<ChangeKind>): string =>
  kinds
    .filter(({ kind }) => shown.includes(kind))
    .flatMap(({ kind, other, own }) =>
      [own, other].flatMap((told, index) =>
        told === undefined
          ? []
          : [
              [
                `${name}, ${kind}, read in ${index === 0 ? "the process that changes the key" : "another process"} (${told.scenario})`,
                ...told.steps.map((step, index) => `${String(index + 1).padStart(4)}. ${step}`),
                `      Now nothing is under way, and ${told.reader} reads a@0 for ${told.seconds} s.`
              ].join("\n")
            ]
      )
    )
    .join("\n\n")
