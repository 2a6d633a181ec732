/**
 * A record of the operations of a law that was broken.
 */
import { CacheError, type CachePort, type CacheRequest, intercept, TimeToLive } from "@hexcache/cache-port"
import { Cause, Duration, Effect, Exit, Option, Stream } from "effect"
import { describeError } from "./describeError.ts"

type Cache = CachePort["Service"]

/** The most operations that a trace shows. */
const shown = 25

/** The most characters of a value that a trace shows. */
const longest = 60

/** The operations of a cache and its namespaces, in the order in which they end. */
export class Trace {
  readonly #lines: Array<string> = []
  #count = 0

  /** A cache whose operations this trace records. */
  readonly around = (cache: Cache): Cache =>
    intercept(cache, {
      wrap: (operation, request) => Effect.onExit(operation, (exit) => this.#note(request, exit)),
      wrapScan: (scan, request) =>
        Stream.suspend(() => {
          const keys: Array<string> = []
          const counted = Stream.tap(scan, (key) => Effect.sync(() => keys.push(key)))
          return Stream.onExit(counted, (exit) =>
            this.#note(
              request,
              Exit.map(exit, () => keys)
            )
          )
        })
    })

  /** The last operations, in a line for each; empty if there were none. */
  get lines(): ReadonlyArray<string> {
    const before = this.#count - this.#lines.length
    return [...(before > 0 ? [`(${before} operations before these)`] : []), ...this.#lines]
  }

  #note(request: CacheRequest, exit: Exit.Exit<unknown, CacheError>): Effect.Effect<void> {
    return Effect.sync(() => {
      this.#count++
      this.#lines.push(lineOf(request, exit))
      if (this.#lines.length > shown) this.#lines.shift()
    })
  }
}

const lineOf = ({ key, keys, operation }: CacheRequest, exit: Exit.Exit<unknown, CacheError>): string => {
  const subject = key !== undefined ? ` ${short(key)}` : keys !== undefined ? ` of ${keys.length} keys` : ""
  return `${operation}${subject} ${endOf(exit)}`
}

const endOf = (exit: Exit.Exit<unknown, CacheError>): string => {
  if (Exit.isSuccess(exit)) return `returned ${resultOf(exit.value)}`
  const error = Cause.squash(exit.cause)
  if (Cause.hasInterruptsOnly(exit.cause)) return "was interrupted"
  return error instanceof CacheError
    ? `failed with ${error.reason._tag}, outcome ${error.outcome}: ${describeError(error)}`
    : `died: ${error}`
}

const resultOf = (value: unknown): string => {
  if (value === undefined) return "nothing"
  if (Option.isOption(value)) return Option.match(value, { onNone: () => "none", onSome: short })
  if (value instanceof Map) {
    return `${value.size} keys, ${Array.from(value.values()).filter(Option.isSome).length} with a value`
  }
  if (Array.isArray(value)) return `${value.length} keys`
  if (isTimeToLive(value)) {
    return value._tag === "Expires" ? `Expires in ${Duration.toMillis(value.remaining)} ms` : value._tag
  }
  return short(value)
}

const isTimeToLive = (value: unknown): value is TimeToLive =>
  typeof value === "object" &&
  value !== null &&
  "_tag" in value &&
  (TimeToLive.$is("Expires")(value) || TimeToLive.$is("Persistent")(value) || TimeToLive.$is("Missing")(value))

const short = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > longest ? `${text.slice(0, longest)}… (${text.length} characters)` : text
}
