/**
 * The options of a `Cached`: checked, in numbers, with their defaults.
 *
 * @internal
 */

import type { Codec } from "@hexcache/cache-port"
import { Input } from "@hexcache/cache-port/internal"
import { Duration, type Effect } from "effect"
import type { CachedKey, CachedOptions, LookupContext, LookupMany } from "./CachedTypes.ts"
import { fingerprintOf } from "./Fingerprint.ts"
import { sumOf } from "./Freshness.ts"
import { sharedLife } from "./GenerationId.ts"
import * as Lookup from "./Lookup.ts"
import { SchemaCodec } from "./SchemaCodec.ts"
import { StoreKeys, textOf } from "./StoreKeys.ts"

/** The options by which entries are stored, whatever their values. */
export interface StoragePolicy {
  readonly hasTags: boolean
  /** The life of a generation of many entries, in milliseconds; without end where entries may have none. */
  readonly sharedLife: number
  /** The life of a key's generation that is made before its lookup, in milliseconds. */
  readonly ownLife: number
  /** The time by which a key's generation outlives its entry, in milliseconds: so the next lookup finds it. */
  readonly allowance: number
  readonly codec: Codec | undefined
  /** Made at the first use: until then the schema may refer to declarations further down. */
  readonly storeKeys: () => StoreKeys
}

/** The checked options of a `Cached`, whose `Answer` is its `A`, or an option of it where there may be none. */
export interface Policy<Key, A, Answer, E, R> extends StoragePolicy {
  readonly namespace: string
  readonly textOf: (key: Key) => string
  /** Milliseconds; over zero for a value to be stored. */
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
  readonly answers: Lookup.Answers<A, Answer>
  readonly lookUp: Lookup.Lookup<Key, A, Answer, E, R>
  /** Made at the first use, as `storeKeys`. */
  readonly schemaCodec: () => SchemaCodec<A, Answer>
}

// biome-ignore lint/suspicious/noExplicitAny: checked here for callers of every type.
type AnyOptions = CachedOptions<any, any, any, any> & {
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  readonly lookup?: ((key: any, context: LookupContext<any>) => Effect.Effect<any, any, any>) | undefined
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  readonly lookupMany?: LookupMany<any, any, any, any> | undefined
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  readonly key?: ((key: any) => CachedKey) | undefined
}

const known: Readonly<Record<keyof AnyOptions, true>> = {
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

/** Throws on a misspelt name, which would be ignored. */
const checkNames = (options: AnyOptions): void => {
  const unknown = Object.entries(options).find(([name, value]) => value !== undefined && !Object.hasOwn(known, name))
  if (unknown !== undefined) throw refusal(`there is no option "${unknown[0]}"`)
}

/** Throws on options out of range, or of another name. */
export const make = <Key, A, Answer, E, R>(options: AnyOptions): Policy<Key, A, Answer, E, R> => {
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
  const allowance = lookupTimeout === Infinity ? usualAllowance : Math.max(lookupTimeout, leastAllowance)
  const answers = (options.negativeTtl === undefined ? Lookup.plain : Lookup.optional) as Lookup.Answers<A, Answer>
  const longestLife = sumOf(Math.max(fixedTtl ?? longestTtl, negativeTtl), staleFor)

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
    hasTags: options.tags !== undefined,
    sharedLife: longestLife > sharedLife / 2 ? Infinity : sharedLife,
    // With a computed ttl it need only last for the lookup: the write of the entry extends it.
    ownLife: fixedTtl === undefined ? sumOf(9 * allowance, allowance) : sumOf(longestLife, allowance),
    allowance,
    codec: options.codec,
    answers,
    lookUp: Lookup.make<Key, A, Answer, E, R>(options, keyText, answers),
    storeKeys: lazily(() => new StoreKeys(namespace, fingerprintOf(options.schema))),
    schemaCodec: lazily(() => new SchemaCodec<A, Answer>(options.schema, answers))
  }
}

/** The longest that a computed time to live can be, in milliseconds: 7 days. */
export const longestTtl = Duration.toMillis("7 days")

/** The longest time that a lookup without a timeout is expected to take, in milliseconds: a minute. */
const usualAllowance = 60_000

/** The shortest time that a lookup and its write are expected to take at most, in milliseconds. */
const leastAllowance = 1_000

const refusal = (message: string): TypeError => new TypeError(`Cached: ${message}`)

const isConcurrency = (input: AnyOptions["concurrency"]): boolean =>
  input === undefined || input === "unbounded" || (Number.isSafeInteger(input) && input > 0)

const checkNamespace = (namespace: string): string => {
  try {
    if (namespace === "") throw refusal("a namespace has at least one character")
    return Input.namespace(namespace)
  } catch (thrown) {
    throw thrown instanceof Input.Refusal ? refusal(thrown.reason.message) : thrown
  }
}

/** Converts a duration to whole milliseconds, rounded up. */
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

/** Converts a computed time to live: zero for zero or less, and for anything but a duration. */
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
