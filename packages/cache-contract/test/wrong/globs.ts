/**
 * Wrong caches that read a pattern in the language of something else.
 */
import { type CacheDriver, Glob } from "@hexcache/cache-port"
import { Effect, Stream } from "effect"
import type { Memory } from "./Reference.ts"
import { type WrongCache, wrongDriver } from "./WrongCache.ts"

type Matches = (pattern: string, key: string) => boolean

/** The part behind the namespace, which the mistakes are about. */
const own = (text: string): readonly [namespace: string, own: string] => {
  const at = text.indexOf(":") + 1
  return [text.slice(0, at), text.slice(at)]
}

/** A driver that finds keys by a matching of its own. */
const matching =
  (matches: Matches, only: "scan" | "deletePattern" | "both" = "both") =>
  (_right: CacheDriver, { entries, live, step }: Memory): Partial<CacheDriver> => {
    const found = (pattern: string, now: number) =>
      Array.from(entries.keys()).filter((key) => {
        const [namespace, name] = own(key)
        const [space, rest] = own(pattern)
        return live(key, now) !== undefined && Glob.matches(space, namespace) && matches(rest, name)
      })
    const scan: Pick<CacheDriver, "scan"> = { scan: (pattern) => Stream.fromEffect(step((now) => found(pattern, now))) }
    const deletePattern: Pick<CacheDriver, "deletePattern"> = {
      deletePattern: (pattern) => step((now) => found(pattern, now).filter((key) => entries.delete(key)).length)
    }
    if (only === "scan") return scan
    return only === "deletePattern" ? deletePattern : { ...scan, ...deletePattern }
  }

/** Glob matching once the pattern was changed. */
const after =
  (change: (pattern: string) => string): Matches =>
  (pattern, key) =>
    Glob.matches(change(pattern), key)

/** A regular expression that some translation of globs makes, or no match where it makes none. */
const byExpression =
  (translate: (pattern: string) => string): Matches =>
  (pattern, key) => {
    if (!/[.+()|$^{}~/]/.test(pattern) || /[\\[]/.test(pattern)) return Glob.matches(pattern, key)
    try {
      return new RegExp(`^(?:${translate(pattern).replaceAll("*", ".*").replaceAll("?", ".")})$`, "s").test(key)
    } catch {
      return false
    }
  }

const languages: Record<string, Matches> = {
  "an underscore of LIKE is one character": after((pattern) => pattern.replaceAll("_", "?")),
  "a percent sign of LIKE is anything": after((pattern) => pattern.replaceAll("%", "*")),
  "a dot of a regular expression is anything": byExpression((pattern) =>
    pattern.replaceAll(/[+()|$^{}]/g, (character) => `\\${character}`)
  ),
  "a plus of a regular expression repeats": byExpression((pattern) =>
    pattern.replaceAll(/[.()|$^{}]/g, (character) => `\\${character}`)
  ),
  "parentheses of a regular expression group": byExpression((pattern) =>
    pattern.replaceAll(/[.+|$^{}]/g, (character) => `\\${character}`)
  ),
  "a bar of a regular expression chooses": byExpression((pattern) =>
    pattern.replaceAll(/[.+()$^{}]/g, (character) => `\\${character}`)
  ),
  "anchors of a regular expression mean nothing": after((pattern) => pattern.replace(/^\^/, "").replace(/\$$/, "")),
  "braces of a shell choose": (pattern, key) => {
    const braces = /^(.*)\{(.*),(.*)\}(.*)$/s.exec(pattern)
    if (braces === null) return Glob.matches(pattern, key)
    const [, before = "", one = "", two = "", behind = ""] = braces
    return [one, two].some((choice) => Glob.matches(before + choice + behind, key))
  },
  "an exclamation mark of minimatch negates": (pattern, key) =>
    pattern.startsWith("!") ? !Glob.matches(pattern.slice(1), key) : Glob.matches(pattern, key),
  "a star of minimatch ends at a slash": (pattern, key) =>
    Glob.matches(pattern, key) && (pattern !== "*" || !key.includes("/")),
  "two stars of minimatch are no directory too": (pattern, key) =>
    Glob.matches(pattern, key) || (pattern.startsWith("**/") && Glob.matches(pattern.slice(3), key)),
  "a name that begins with a dot is hidden from a star": (pattern, key) =>
    Glob.matches(pattern, key) && !(/^[*?]/.test(pattern) && key.startsWith(".")),
  "a number sign of minimatch begins a comment": (pattern, key) =>
    !pattern.startsWith("#") && Glob.matches(pattern, key),
  "a tilde is the home of a user": (pattern, key) => !pattern.startsWith("~") && Glob.matches(pattern, key),
  "a class of POSIX is one": after((pattern) => pattern.replaceAll("[[:digit:]]", "[0-9]")),
  "an escaped d is a digit": after((pattern) => pattern.replaceAll("\\d", "[0-9]")),
  "an extended glob is one": after((pattern) => pattern.replaceAll(/[@+?*!]\(([^)|]*)[^)]*\)/g, "$1")),
  "a pattern is trimmed": after((pattern) => pattern.trim()),
  "a pattern is unquoted": after((pattern) => pattern.replaceAll(/^(['"])(.*)\1$/gs, "$2")),
  "a question mark is at least one byte": after((pattern) => pattern.replaceAll(/\?+$/g, "?*"))
}

export const globs: ReadonlyArray<WrongCache> = [
  ...Object.entries(languages).map(([name, matches]) =>
    wrongDriver("scan: Redis's glob language, byte-wise as Redis does it", `scan: ${name}`, matching(matches, "scan"))
  ),
  ...Object.entries(languages).map(([name, matches]) =>
    wrongDriver(
      "deletePattern: removes what Glob.matches says, and nothing else",
      `deletePattern: ${name}`,
      matching(matches, "deletePattern")
    )
  ),
  wrongDriver(
    "deletePattern: of two at once, each key is counted by one",
    "deletePattern counts what it found",
    (right) => ({
      deletePattern: (pattern) =>
        Effect.flatMap(Stream.runCollect(right.scan(pattern)), (pages) => {
          const keys = pages.flat()
          return Effect.andThen(
            Effect.yieldNow,
            keys.length === 0 ? Effect.succeed(0) : Effect.as(right.deleteMany(keys), keys.length)
          )
        })
    })
  )
]
