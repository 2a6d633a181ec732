/**
 * Aligned text.
 */
import { styleText } from "node:util"
import { Console, type Effect } from "effect"

/** A column of a table. */
export interface Column {
  readonly title: string
  readonly width: number
  /** Where its cells stand. `"left"` unless given. */
  readonly align?: "left" | "right"
}

/** A table that is printed row by row. */
export interface Table {
  /** Prints the titles of the columns. */
  readonly titles: Effect.Effect<void>
  readonly row: (cells: ReadonlyArray<string>) => Effect.Effect<void>
}

/** Makes a table of these columns. */
export const table = (columns: ReadonlyArray<Column>): Table => {
  const line = (cells: ReadonlyArray<string>): string =>
    columns
      .map(({ align, width }, index) => {
        const cell = cells[index] ?? ""
        return align === "right" ? cell.padStart(width) : cell.padEnd(width)
      })
      .join("  ")
      .trimEnd()
  const rule = "─".repeat(columns.reduce((width, column) => width + column.width + 2, -2))

  return {
    titles: Console.log(styleText("dim", `  ${line(columns.map((column) => column.title))}\n  ${rule}`)),
    row: (cells) => Console.log(`  ${line(cells)}`)
  }
}

/** Prints a heading with a line above it. */
export const heading = (text: string): Effect.Effect<void> => Console.log(`\n  ${styleText("bold", text)}`)
