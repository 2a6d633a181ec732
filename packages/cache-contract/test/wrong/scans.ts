/**
 * Wrong caches that break a law of scans, or of the cost of a pattern.
 */
import { type CacheDriver, Glob } from "@hexcache/cache-port"
import { Effect, Stream } from "effect"
import type { Memory } from "./Reference.ts"
import { type WrongCache, wrongDriver, wrongPort } from "./WrongCache.ts"

const keysOfPage = 500

/** A pattern with a class of one member for each class, where it is short then and was not before. */
const withShortClasses = (pattern: unknown): string => {
  if (typeof pattern !== "string" || pattern.length <= 1_024) return pattern as string
  const short = pattern.replaceAll(/\[[a-z]+\]/g, "[a]")
  return short.length <= 1_024 ? short : pattern
}

/** Keys in pages of all that the store has, up to the first page without one that matches. */
const endEarly =
  (operation: "scan" | "deletePattern") =>
  (right: CacheDriver, { entries, live, step }: Memory): Partial<CacheDriver> => {
    const found = (pattern: string, now: number): ReadonlyArray<string> => {
      const all = Array.from(entries.keys()).filter((key) => live(key, now) !== undefined)
      const matching: Array<string> = []
      for (let from = 0; from < all.length; from += keysOfPage) {
        const page = all.slice(from, from + keysOfPage).filter((key) => Glob.matches(pattern, key))
        if (page.length === 0) break
        matching.push(...page)
      }
      return matching
    }
    if (operation === "scan") return { scan: (pattern) => Stream.fromEffect(step((now) => found(pattern, now))) }
    return {
      deletePattern: (pattern) =>
        Effect.flatMap(
          step((now) => found(pattern, now)),
          (keys) => (keys.length === 0 ? Effect.succeed(0) : right.deleteMany(keys))
        )
    }
  }

export const scans: ReadonlyArray<WrongCache> = [
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
  })),
  wrongDriver("scan: a consumer that removes what it gets sees every key", "scan pages by an offset", (right) => ({
    scan: (pattern) =>
      Stream.flatMap(Stream.range(0, 9), (page) =>
        Stream.map(right.scan(pattern), (keys) => keys.slice(page * keysOfPage, (page + 1) * keysOfPage))
      )
  })),
  wrongDriver(
    "scan, deletePattern: few keys among many, wherever they are",
    "scan ends at a page without a match",
    endEarly("scan")
  ),
  wrongDriver(
    "scan, deletePattern: few keys among many, wherever they are",
    "deletePattern ends at a page without a match",
    endEarly("deletePattern")
  )
]
