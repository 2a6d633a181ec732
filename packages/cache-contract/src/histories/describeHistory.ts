/**
 * A history that is not possible, for a reader who has to find out why.
 */
import type { Event, History, Operation } from "./History.ts"
import { isLinearizable } from "./Linearizability.ts"

/** The most operations that a description shows. */
const shown = 20

/**
 * The shortest beginning of a history that is not linearizable, in the order of the calls; operations that end later are
 * under way in it. The whole history if it is linearizable.
 */
export const shortestImpossible = (history: History): History => {
  const calls = history.toSorted((a, b) => a.from - b.from)
  const ends = calls.flatMap(({ outcome, to }) => (outcome === "Unknown" ? [] : [to])).sort((a, b) => a - b)
  for (const end of ends) {
    const beginning = calls
      .filter(({ from }) => from <= end)
      .map((event): Event => (event.to <= end ? event : { ...event, outcome: "Unknown" }))
    if (!isLinearizable(beginning)) return beginning
  }
  return calls
}

/** Describes a history that is not linearizable, in a line for each operation. */
export const describeHistory = (history: History): string => {
  const events = shortestImpossible(history)
  const begun = events[0]?.from ?? 0
  const left = events.length - shown
  return [
    ...(left > 0 ? [`  after ${left} operations before these`] : []),
    ...events.slice(-shown).map((event) => `  ${describeEvent(event, begun)}`)
  ].join("\n")
}

const describeEvent = ({ from, operation, outcome, to }: Event, begun: number): string => {
  const at = (time: number) => String(Math.round((time - begun) * 1_000) / 1_000)
  const call = `${operation.name}(${argumentsOf(operation)})`
  return outcome === "Unknown"
    ? `${at(from)} to ?: ${call}, under way or of unknown outcome`
    : `${at(from)} to ${at(to)}: ${call} returned ${outcome.answer === undefined ? "nothing" : JSON.stringify(outcome.answer)}`
}

const argumentsOf = (operation: Operation): string => {
  switch (operation.name) {
    case "set":
    case "setIfAbsent":
      return `${JSON.stringify(operation.value)}${operation.expires ? ", with a time to live" : ""}`
    case "compareAndDelete":
      return JSON.stringify(operation.expected)
    case "increment":
      return String(operation.amount)
    case "expire":
      return operation.expires ? "a time to live" : "never"
    default:
      return ""
  }
}
