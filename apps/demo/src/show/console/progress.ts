/**
 * A progress line.
 */
import { styleText } from "node:util"
import { Console, Effect } from "effect"
import type { OnProgress } from "../../cities/loadCities.ts"
import { count } from "./figures.ts"

/** Shows the loading of the cities: a line that grows on a terminal, plain lines elsewhere. */
export const loadingProgress: OnProgress = (loaded, total) => {
  if (loaded === total) return finished(total)
  if (process.stdout.isTTY) return redraw(`  Loading cities  ${bar(loaded / total)}  ${count(loaded)}`)
  return loaded === 0 ? Console.log(`  Loading ${count(total)} cities`) : Effect.void
}

const finished = (total: number): Effect.Effect<void> =>
  Effect.andThen(
    process.stdout.isTTY ? redraw("") : Effect.void,
    Console.log(`  Loaded ${count(total)} cities into SQLite`)
  )

/** Goes back to the begin of the line and clears it first. */
const redraw = (line: string): Effect.Effect<void> => Effect.sync(() => process.stdout.write(`\r\u001b[2K${line}`))

const bar = (done: number): string => {
  const width = 30
  const full = Math.round(done * width)
  return styleText("cyan", "█".repeat(full)) + styleText("dim", "░".repeat(width - full))
}
