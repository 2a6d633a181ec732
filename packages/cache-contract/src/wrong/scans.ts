/**
 * Wrong caches that break a law of scans, or of the cost of a pattern.
 */
import { Effect, Stream } from "effect"
import { type WrongDriver, wrongDriver, wrongPort } from "./WrongDriver.ts"

const keysOfPage = 500

/** A pattern with a class of one member for each class, where it is short then and was not before. */
const withShortClasses = (pattern: unknown): string => {
  if (typeof pattern !== "string" || pattern.length <= 1_024) return pattern as string
  const short = pattern.replaceAll(/\[[a-z]+\]/g, "[a]")
  return short.length <= 1_024 ? short : pattern
}

export const scans: ReadonlyArray<WrongDriver> = [
  wrongPort("patterns", "a class counts as one member of a pattern", (right) => ({
    deletePattern: (pattern) => right.deletePattern(withShortClasses(pattern)),
    scan: (pattern) => right.scan(withShortClasses(pattern))
  })),
  wrongDriver("patterns", "scan names keys again that were set again, and says that it names none twice", (right) => ({
    scansOnce: true,
    scan: (pattern) =>
      Stream.flatMap(Stream.range(0, 9), (page) =>
        Stream.map(right.scan(pattern), (keys) => keys.slice(page * keysOfPage, (page + 1) * keysOfPage))
      )
  })),
  wrongDriver("patterns", "scan waits for a timer between pages", (right) => ({
    scan: (pattern) => Stream.mapEffect(right.scan(pattern), (keys) => Effect.as(Effect.yieldNow, keys))
  })),
  wrongDriver("patterns", "deletePattern waits for a timer", (right) => ({
    deletePattern: (pattern) => Effect.andThen(Effect.yieldNow, right.deletePattern(pattern))
  }))
]
