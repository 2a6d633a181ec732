/**
 * Random sequences of operations on two caches, whose every answer must be the same.
 *
 * @module
 */
import { type CacheError, type CachePort, TimeToLive } from "@hexcache/cache-port"
import { Duration, Effect, Option, Stream } from "effect"
import * as fc from "fast-check"

type Cache = CachePort["Service"]

/** One operation, as data that prints as it would be written. */
export interface Operation {
  /** As it would be written in a program. */
  readonly text: string
  /** Runs the operation on a cache. Returns its result in a form that two caches share. */
  readonly run: (cache: Cache) => Effect.Effect<unknown, CacheError>
}

const operation = (name: keyof Cache, ...args: ReadonlyArray<unknown>): Operation => ({
  text: `${name}(${args.map((arg) => JSON.stringify(arg)).join(", ")})`,
  run: (cache) => {
    const member = cache[name] as unknown
    const call = typeof member === "function" ? member(...args) : member
    return Effect.map(name === "scan" ? Stream.runCollect(call) : call, canonical)
  }
})

/** Few keys, so that operations meet; some that differ in case, in glob characters, or by a prefix. */
const keys = ["a", "b", "ab", "A", "a*", "[a]", "é", "a:b", "__proto__"]
const texts = [
  "",
  "x",
  "0",
  "1",
  "-1",
  "41",
  "05",
  " 5",
  "1.5",
  "9007199254740991",
  "9223372036854775807",
  "日",
  "null",
  '{"a":[1]}'
]
const patterns = ["*", "a*", "?", "??", "[ab]", "[^a]*", "a\\*", "a:?", "é", "[", "A", "*b*", ""]
/** Far more than a sequence takes, so that no key expires in the middle of a comparison. */
const ttls = ["1 hour", 7_200_000, "Infinity", 86_400_000_000, Number.MAX_SAFE_INTEGER]
const badTtls = [0, -1, Number.NaN, "soon"]
const amounts = [0, 1, 5, -3, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0.5]

const key = fc.constantFrom(...keys)
const text = fc.constantFrom(...texts)
const pattern = fc.constantFrom(...patterns)
const amount = fc.constantFrom(...amounts)
const options = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  { weight: 4, arbitrary: fc.constantFrom(...ttls).map((ttl) => ({ ttl })) },
  { weight: 1, arbitrary: fc.constantFrom(...badTtls).map((ttl) => ({ ttl })) }
)
const anyTtl = fc.constantFrom(...ttls, ...badTtls)
const some = <A>(arbitrary: fc.Arbitrary<A>) => fc.array(arbitrary, { maxLength: 6 })

/** Any operation, those that build up state more often than those that take it away. */
export const arbitraryOperation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: key.map((key) => operation("get", key)) },
  { weight: 1, arbitrary: key.map((key) => operation("getJson", key)) },
  { weight: 6, arbitrary: fc.tuple(key, text, options).map((args) => operation("set", ...args)) },
  {
    weight: 2,
    arbitrary: fc.tuple(key, fc.jsonValue({ maxDepth: 2 }), options).map((args) => operation("setJson", ...args))
  },
  { weight: 3, arbitrary: fc.tuple(key, text, options).map((args) => operation("setIfAbsent", ...args)) },
  { weight: 2, arbitrary: key.map((key) => operation("delete", key)) },
  { weight: 1, arbitrary: some(key).map((keys) => operation("deleteMany", keys)) },
  { weight: 1, arbitrary: key.map((key) => operation("getAndDelete", key)) },
  { weight: 2, arbitrary: fc.tuple(key, text).map((args) => operation("compareAndDelete", ...args)) },
  { weight: 2, arbitrary: fc.tuple(key, anyTtl).map((args) => operation("getAndExpire", ...args)) },
  { weight: 2, arbitrary: fc.tuple(key, text, anyTtl).map((args) => operation("compareAndExpire", ...args)) },
  { weight: 2, arbitrary: key.map((key) => operation("exists", key)) },
  {
    weight: 2,
    arbitrary: fc.tuple(key, anyTtl).map((args) => operation("expire", ...args))
  },
  { weight: 3, arbitrary: key.map((key) => operation("ttl", key)) },
  { weight: 4, arbitrary: fc.tuple(key, amount, options).map((args) => operation("increment", ...args)) },
  { weight: 3, arbitrary: fc.tuple(key, amount, options).map((args) => operation("decrement", ...args)) },
  { weight: 3, arbitrary: some(key).map((keys) => operation("getMany", keys)) },
  { weight: 3, arbitrary: fc.tuple(some(fc.tuple(key, text)), options).map((args) => operation("setMany", ...args)) },
  { weight: 1, arbitrary: pattern.map((pattern) => operation("deletePattern", pattern)) },
  { weight: 2, arbitrary: pattern.map((pattern) => operation("scan", pattern)) },
  { weight: 1, arbitrary: fc.constant(operation("flush")) },
  { weight: 1, arbitrary: fc.constant(operation("ping")) }
)

/** An answer in a form that two caches share: without order where there is none, remaining times to the minute. */
const canonical = (answer: unknown): unknown => {
  if (Option.isOption(answer)) return Option.match(answer, { onNone: () => "none", onSome: (value) => ["some", value] })
  if (answer instanceof Map) return Array.from(answer, ([key, value]) => [key, canonical(value)])
  if (Array.isArray(answer)) return answer.toSorted()
  if (typeof answer === "object" && answer !== null && "_tag" in answer) {
    const left = answer as TimeToLive
    // Rounded up from above the middle, since the operation reaches the second cache a moment later.
    return TimeToLive.$is("Expires")(left) ? Math.round(Duration.toMinutes(left.remaining) - 0.4) : left._tag
  }
  return answer
}

const answerOf = (operation: Effect.Effect<unknown, CacheError>): Effect.Effect<string> =>
  Effect.match(operation, {
    onSuccess: (answer) => JSON.stringify(answer) ?? "undefined",
    onFailure: ({ key, operation, outcome, reason }) => JSON.stringify([reason._tag, operation, key, outcome])
  })

/** Where two caches answered differently. */
export interface Difference {
  /** The operations up to the one whose results differ. */
  readonly sequence: ReadonlyArray<string>
  readonly first: string
  readonly second: string
}

/** Runs a sequence on both caches, which must be empty. Returns the first difference. */
export const compare = (
  first: Cache,
  second: Cache,
  sequence: ReadonlyArray<Operation>
): Effect.Effect<Difference | undefined> =>
  Effect.gen(function* () {
    for (const [index, { run }] of sequence.entries()) {
      const answers = [yield* answerOf(run(first)), yield* answerOf(run(second))] as const
      if (answers[0] !== answers[1]) {
        return {
          sequence: sequence.slice(0, index + 1).map(({ text }) => text),
          first: answers[0],
          second: answers[1]
        }
      }
    }
    return undefined
  })

/** The amount to compare. */
export interface ModelOptions {
  readonly sequences: number
  /** The most operations of one sequence. */
  readonly maxLength: number
  /** Makes a run repeatable; random unless given, and part of the report. */
  readonly seed?: number | undefined
}

/** The result of a comparison. */
export interface ModelReport {
  readonly seed: number
  readonly sequences: number
  readonly operations: number
  /** The shortest sequence found that makes the two caches differ. */
  readonly difference: Difference | undefined
}

/** Compares two caches over random sequences of operations; flushes both before each sequence. */
export const check = (
  first: Cache,
  second: Cache,
  { maxLength, seed = Date.now() % 2 ** 31, sequences }: ModelOptions
): Effect.Effect<ModelReport> =>
  Effect.promise(async (signal) => {
    let operations = 0
    let difference: Difference | undefined
    const sequence = fc.array(arbitraryOperation, { minLength: 1, maxLength, size: "max" })
    const alike = fc.asyncProperty(sequence, async (sequence) => {
      operations += sequence.length
      const compared = Effect.andThen(
        Effect.orDie(Effect.all([first.flush, second.flush])),
        compare(first, second, sequence)
      )
      const found = await Effect.runPromise(compared, { signal })
      // Shrinking ends on the shortest sequence that differs.
      if (found !== undefined) difference = found
      return found === undefined
    })
    const result = await fc.check(alike, { numRuns: sequences, seed })
    return { seed, sequences: result.numRuns, operations, difference }
  })
