/**
 * The options of a `Cached`, checked, in numbers, and with what was left out filled in.
 *
 * @internal
 */

import type { Codec } from "@hexcache/cache-port"
import { Input } from "@hexcache/cache-port/internal"
import { Duration, type Effect, type Exit, Schema } from "effect"
import type { CachedOptions, LookupContext, LookupMany } from "../Cached.ts"
import { fingerprintOf } from "./Fingerprint.ts"
import { sumOf } from "./Generation.ts"
import { type CachedKey, Names, textOf } from "./Keys.ts"
import * as Lookup from "./Lookup.ts"
import { makeRoundTrip } from "./RoundTrip.ts"

/** The types of a `Cached`, whose `Answer` is its `A`, or an option of it where there may be none. */
export interface Policy<Key, A, Answer, E, R> {
  readonly namespace: string
  readonly textOf: (key: Key) => string
  /** Milliseconds, over zero for a value that is kept at all. */
  readonly ttl: (value: A, key: Key) => number
  readonly jitter: number
  readonly staleFor: number
  readonly beta: number
  readonly softLookupTimeout: number
  readonly negativeTtl: number
  readonly retryAfter: number
  readonly failureTtl: number
  /** Milliseconds; 0 for no lease. */
  readonly lease: number
  readonly tags: ((value: A, key: Key) => ReadonlyArray<string>) | undefined
  /** The longest that any value is served, in milliseconds. */
  readonly longestLife: number
  /** How long a key's generation is made to stand before its lookup, in milliseconds. */
  readonly ownLife: number
  /** By how much a key's generation outlives its entry, in milliseconds: so the next lookup finds it. */
  readonly allowance: number
  readonly codec: Codec | undefined
  readonly answers: Lookup.Answers<A, Answer>
  readonly lookUp: Lookup.Lookup<Key, A, Answer, E, R>
  /** What depends on the schema, made at the first use: until then it may refer to what is declared further down. */
  readonly form: () => Form<A>
}

/** How values and names are written. */
export interface Form<A> {
  readonly names: Names
  /** Throws for a value that its schema refuses. */
  readonly encode: (value: A) => unknown
  readonly decode: (json: unknown) => Exit.Exit<A, unknown>
  /** True if a value that was read is as it was when it was written. */
  readonly isSame: (read: A, written: A) => boolean
}

// biome-ignore lint/suspicious/noExplicitAny: checked here for callers of every type.
type Options = CachedOptions<any, any, any, any> & {
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  readonly lookup?: ((key: any, context: LookupContext<any>) => Effect.Effect<any, any, any>) | undefined
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  readonly lookupMany?: LookupMany<any, any, any, any> | undefined
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  readonly key?: ((key: any) => CachedKey) | undefined
}

const known: Readonly<Record<keyof Options, true>> = {
  namespace: true,
  schema: true,
  lookup: true,
  lookupMany: true,
  key: true,
  ttl: true,
  jitter: true,
  staleFor: true,
  refreshAhead: true,
  lookupTimeout: true,
  refreshTimeout: true,
  softLookupTimeout: true,
  retryAfter: true,
  failureTtl: true,
  negativeTtl: true,
  tags: true,
  lease: true,
  codec: true,
  concurrency: true
}

/** A misspelt name would be left out without a word. */
const checkNames = (options: Options): void => {
  const unknown = Object.entries(options).find(([name, value]) => value !== undefined && !Object.hasOwn(known, name))
  if (unknown !== undefined) throw refusal(`there is no option "${unknown[0]}"`)
}

/** Throws on options out of range, or of another name. */
export const make = <Key, A, Answer, E, R>(options: Options): Policy<Key, A, Answer, E, R> => {
  checkNames(options)
  const { jitter = 0, refreshAhead = 0, ttl } = options
  const namespace = checkNamespace(options.namespace)
  if (!(jitter >= 0 && jitter < 1)) throw refusal("jitter is a number from 0 to 1, without 1")
  if (!(refreshAhead >= 0 && refreshAhead < Infinity)) throw refusal("refreshAhead is a number of 0 or more")
  if (!isConcurrency(options.concurrency)) throw refusal("concurrency is a positive integer or unbounded")
  if (options.lookup === undefined && options.lookupMany === undefined) throw refusal("there is a lookup")
  const staleFor = millis("staleFor", options.staleFor ?? 0)
  const softLookupTimeout = millis("softLookupTimeout", options.softLookupTimeout ?? 0)
  const negativeTtl = millis("negativeTtl", options.negativeTtl ?? 0)
  const retryAfter = millis("retryAfter", options.retryAfter ?? "10 seconds")
  millis("refreshTimeout", options.refreshTimeout ?? 0)
  const failureTtl = millis("failureTtl", options.failureTtl ?? 0)
  const lease = millis("lease", options.lease ?? 0)
  if (lease === Infinity) throw refusal("lease is finite")
  const fixedTtl = typeof ttl === "function" ? undefined : over0("ttl", millis("ttl", ttl))
  const encodeKey: (key: Key) => CachedKey = options.key ?? ((key) => key as CachedKey)
  const keyText = (key: Key) => textOf(encodeKey(key))
  const lookupTimeout = millis("lookupTimeout", options.lookupTimeout ?? Infinity)
  const allowance = lookupTimeout === Infinity ? usualAllowance : lookupTimeout
  const answers = options.negativeTtl === undefined ? Lookup.plain : Lookup.optional

  return {
    namespace,
    textOf: keyText,
    ttl: typeof ttl === "function" ? (value, key) => lenient(ttl(value, key)) : () => fixedTtl ?? 0,
    jitter,
    staleFor,
    beta: refreshAhead,
    softLookupTimeout,
    negativeTtl,
    retryAfter,
    failureTtl,
    lease,
    tags: options.tags,
    longestLife: sumOf(Math.max(fixedTtl ?? longestTtl, negativeTtl), staleFor),
    // With a computed ttl that is as long as its lookup may take: what follows is known when the entry is written.
    ownLife:
      fixedTtl === undefined ? 10 * allowance : sumOf(sumOf(Math.max(fixedTtl, negativeTtl), staleFor), allowance),
    allowance,
    codec: options.codec,
    answers: answers as Lookup.Answers<A, Answer>,
    lookUp: Lookup.make<Key, A, Answer, E, R>(options, keyText, answers as Lookup.Answers<A, Answer>),
    form: lazily(() => formOf<A>(namespace, options.schema))
  }
}

/** The longest that a computed time to live can be, in milliseconds: 7 days. */
export const longestTtl = Duration.toMillis("7 days")

/** How long a lookup without a timeout is expected to take at most, in milliseconds: a minute. */
const usualAllowance = 60_000

const refusal = (message: string): TypeError => new TypeError(`Cached: ${message}`)

const isConcurrency = (input: Options["concurrency"]): boolean =>
  input === undefined || input === "unbounded" || (Number.isSafeInteger(input) && input > 0)

const checkNamespace = (namespace: string): string => {
  try {
    if (namespace === "") throw refusal("a namespace has at least one character")
    return Input.namespace(namespace)
  } catch (thrown) {
    throw thrown instanceof Input.Refusal ? refusal(thrown.reason.message) : thrown
  }
}

/** Whole milliseconds, rounded up. */
const millis = (name: string, input: Duration.Input): number => {
  try {
    return Input.timeToLive(input) ?? Infinity
  } catch {
    throw refusal(`${name} is a duration that is not negative`)
  }
}

const over0 = (name: string, duration: number): number => {
  if (duration === 0) throw refusal(`${name} is over zero`)
  return duration
}

/** A computed time to live: none for zero or less, and for what is no duration. */
const lenient = (input: Duration.Input): number => {
  const duration = Duration.fromInput(input)
  const ttl = duration._tag === "None" ? 0 : Duration.toMillis(duration.value)
  return ttl > 0 ? Math.min(Math.ceil(ttl), longestTtl) : 0
}

const lazily = <A>(make: () => A): (() => A) => {
  let made: A | undefined
  return () => {
    made ??= make()
    return made
  }
}

const formOf = <A>(namespace: string, schema: Schema.Codec<A, unknown>): Form<A> => {
  const codec = Schema.toCodecJson(schema)
  return {
    names: new Names(namespace, fingerprintOf(schema)),
    encode: Schema.encodeSync(codec),
    decode: Schema.decodeUnknownExit(codec),
    isSame: makeRoundTrip(schema)
  }
}
