/**
 * The laws of input. Every function returns its valid input in the form that a driver takes, or throws a `Refusal`, which
 * the port makes an error. A refusal names the law, and never quotes the input.
 *
 * @internal
 */
import { Duration, Predicate, Schema } from "effect"
import { InvalidArgument, InvalidValue } from "../CacheError.ts"
import * as Glob from "../Glob.ts"
import { utf8Length } from "./Utf8.ts"

/** Input that breaks a law. */
export class Refusal {
  readonly reason: InvalidArgument | InvalidValue
  constructor(reason: InvalidArgument | InvalidValue) {
    this.reason = reason
  }
}

const refuse = (message: string): never => {
  throw new Refusal(new InvalidArgument({ message }))
}

/** The most bytes of UTF-8 in a key, without its namespace. */
export const maxKeyBytes = 65_536

/** The default of `maxValueBytes`: 32 MiB. */
export const defaultMaxValueBytes = 33_554_432

/** The largest `maxValueBytes`, 256 MiB: a value must fit into one string with its command around it. */
const largestMaxValueBytes = 268_435_456

const isWithin = (text: string, bytes: number): boolean =>
  text.length * 3 <= bytes || (text.length <= bytes && utf8Length(text) <= bytes)

const kind = (input: unknown): string => (input === null ? "null" : Array.isArray(input) ? "array" : typeof input)

const text = (input: unknown, name: string, maxBytes: number): string => {
  if (typeof input !== "string") return refuse(`a ${name} is a string, not ${kind(input)}`)
  if (!isWithin(input, maxBytes)) return refuse(`a ${name} has at most ${maxBytes} bytes of UTF-8`)
  if (!input.isWellFormed()) return refuse(`a ${name} is well-formed Unicode, without a lone surrogate`)
  return input
}

export const key = (input: unknown): string =>
  input === "" ? refuse("a key has at least one character") : text(input, "key", maxKeyBytes)

export const value = (input: unknown, maxBytes: number): string => text(input, "value", maxBytes)

export const namespace = (input: unknown): string => text(input, "namespace", 1_024)

/** True if the input is a valid key. */
export const isKey = (input: unknown): input is string => {
  try {
    return key(input) === input
  } catch {
    return false
  }
}

/** Keys of any iterable but text. */
export const keyList = (input: unknown): ReadonlyArray<string> => list(input, key)

/** Distinct keys, in the order of their first places. */
export const keys = (input: unknown): ReadonlyArray<string> => {
  const all = keyList(input)
  const distinct = new Set(all)
  return distinct.size === all.length ? all : Array.from(distinct)
}

/** The text of a value as JSON. */
export const json = (input: unknown): string => {
  let text: string | undefined
  try {
    text = JSON.stringify(input)
  } catch {
    // Falls through to the refusal, as a function does, which has no text.
  }
  if (text !== undefined) return text
  throw new Refusal(new InvalidValue({ message: "the value cannot be written as JSON" }))
}

/** Decodes JSON as `schema` does, where there is one. */
export const decoder = <A>(schema: Schema.Decoder<A> | undefined) => {
  if (schema === undefined) return undefined
  if (!Schema.isSchema(schema)) return refuse("a schema is one of Effect's Schema")
  return Schema.decodeUnknownEffect(Schema.toCodecJson(schema))
}

/** Entries of any iterable of pairs; the last of a repeated key wins. */
export const entries = (input: unknown, maxBytes: number): ReadonlyArray<readonly [string, string]> =>
  Array.from(
    new Map(
      list(input, (each) => {
        const [first, second] = pair(each)
        return [first, value(second, maxBytes)]
      })
    )
  )

/** A valid key, and a value that may be invalid. */
export const pair = (input: unknown): readonly [string, unknown] =>
  Array.isArray(input) && input.length === 2 ? [key(input[0]), input[1]] : refuse("an entry is a pair [key, value]")

const tooLargeABatch = "a batch has at most 8,388,608 keys or entries"

/** The most keys or entries of one batch: V8 makes no larger `Map` for the result. */
export const maxBatch = 8_388_608

/** The valid members of an iterable. */
export const list = <A>(input: unknown, check: (each: unknown) => A): ReadonlyArray<A> => {
  if (typeof input !== "object" || input instanceof String || !Predicate.isIterable(input)) {
    return refuse(`keys and entries come as an iterable, not as ${kind(input)}`)
  }
  const checked: Array<A> = []
  // A loop by index is faster, over an array with the iterator of arrays.
  if (Array.isArray(input) && input[Symbol.iterator] === Array.prototype[Symbol.iterator]) {
    if (input.length > maxBatch) return refuse(tooLargeABatch)
    for (let index = 0; index < input.length; index++) checked.push(check(input[index]))
  } else {
    for (const each of input) if (checked.push(check(each)) > maxBatch) return refuse(tooLargeABatch)
  }
  return checked
}

/** Refuses options that are no object, and those of an unknown name, most often a misspelt one. */
export const onlyOptions = (options: unknown, isKnown: (name: string) => boolean, known: string): void => {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    refuse(`options are an object, not ${kind(options)}`)
  }
  const given = options as Readonly<Record<string, unknown>>
  for (const name in given) {
    if (!isKnown(name) && given[name] !== undefined) refuse(`there are no options but ${known}`)
  }
}

const isTtl = (name: string): boolean => name === "ttl"

/** The `ttl` of an options object, over zero. */
export const ttlOption = (options: unknown): number | undefined => {
  if (options === undefined) return undefined
  onlyOptions(options, isTtl, "ttl")
  const ttl = (options as { readonly ttl?: unknown }).ttl
  return ttl === undefined ? undefined : ttlOverZero(ttl)
}

/** As `timeToLive`, over zero. */
export const ttlOverZero = (input: unknown): number | undefined => {
  const millis = timeToLive(input)
  return millis === 0 ? refuse("a time to live is over zero") : millis
}

/** Whole milliseconds from 0 to 2^53 - 1, rounded up, or `undefined` for `Duration.infinity`. */
export const timeToLive = (input: unknown): number | undefined => {
  const millis = durationMillis(input)
  if (millis === Infinity) return undefined
  if (millis < 0) return refuse("a time to live is not negative")
  const whole = Math.ceil(millis)
  return whole <= Number.MAX_SAFE_INTEGER ? whole : refuse("a time to live is at most 2^53 - 1 milliseconds")
}

const durationMillis = (input: unknown): number => {
  // Effect reads NaN, and an object without any unit, as a duration of zero.
  if (typeof input === "number") return Number.isNaN(input) ? notADuration(input) : input
  if (typeof input === "object" && input !== null && !Duration.isDuration(input) && !isOfUnits(input)) {
    return notADuration(input)
  }
  const duration = Duration.fromInput(input as Duration.Input)
  if (duration._tag === "None") return notADuration(input)
  return Duration.match(duration.value, {
    onMillis: (millis) => millis,
    // Whole numbers: a double has no room for the nanoseconds of a long time.
    onNanos: (nanos) => Number(nanos / nanosPerMilli + (nanos % nanosPerMilli > 0n ? 1n : 0n)) - (nanos < 0n ? 1 : 0),
    onInfinity: () => Infinity,
    onNegativeInfinity: () => -Infinity
  })
}

const nanosPerMilli = 1_000_000n

const notADuration = (input: unknown): never =>
  refuse(`a time to live is a duration, such as "5 minutes" or Duration.seconds(30), not this ${kind(input)}`)

const units = ["weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds", "nanoseconds"]

/** True for an array of numbers, and for an object with numbers of units. */
const isOfUnits = (input: object): boolean => {
  const parts = Object.entries(input).filter(([, part]) => part !== undefined || Array.isArray(input))
  const isUnit = (name: string) => Array.isArray(input) || units.includes(name)
  return parts.length > 0 && parts.every(([name, part]) => isUnit(name) && Number(part) === part)
}

/** Milliseconds over zero; `Infinity` for `Duration.infinity`. */
export const timeout = (input: unknown): number => {
  const duration = Duration.fromInput(input as Duration.Input)
  const millis = duration._tag === "None" ? Number.NaN : Duration.toMillis(duration.value)
  return millis > 0 ? millis : refuse("a timeout is a duration over zero")
}

export const amount = (input: unknown): number => {
  if (!Number.isSafeInteger(input)) return refuse("an amount is a safe integer, from -(2^53 - 1) to 2^53 - 1")
  // Minus zero would reach the store as "-0".
  return (input as number) + 0
}

export const pattern = (input: unknown): string => {
  if (typeof input !== "string") return refuse(`a pattern is a string, not ${kind(input)}`)
  const refusal = Glob.refusalOf(input)
  return refusal === undefined ? input : refuse(refusal)
}

export const maxValueBytes = (input: unknown): number => {
  if (input === undefined) return defaultMaxValueBytes
  return Number.isSafeInteger(input) && (input as number) >= 0 && (input as number) <= largestMaxValueBytes
    ? (input as number)
    : refuse(`maxValueBytes is an integer from 0 to ${largestMaxValueBytes}`)
}
