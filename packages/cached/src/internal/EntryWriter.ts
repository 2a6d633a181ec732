/**
 * Makes entries of looked up values, and stores them in place of older ones.
 *
 * @internal
 */
import { Clock, Effect, Option, Random } from "effect"
import type { EntryStore, UnsignedEntry } from "./EntryStore.ts"
import { lifeOf } from "./Freshness.ts"
import type { Invalidations } from "./Invalidations.ts"
import type { LookupReason } from "./LookupRequest.ts"
import { makeNamespaceLog, type NamespaceLog } from "./NamespaceLog.ts"
import type { Policy } from "./Policy.ts"
import { Unstorable } from "./SchemaCodec.ts"
import type { Generations, Snapshot } from "./Snapshot.ts"

/** The value of a lookup, stored where there are generations and an entry. */
export interface LookupResult {
  readonly text: string
  readonly snapshot: Snapshot | undefined
  readonly generations: Generations | undefined
  readonly entry: UnsignedEntry | Unstorable | undefined
  readonly lookup: {
    readonly reason: LookupReason
    readonly isOutdated: boolean
    readonly isSuperseded: boolean
  }
}

/** The times of a value: the duration of its lookup, and its end, in milliseconds. */
interface LookupTimes {
  readonly took: number
  readonly now: number
  readonly random: () => number
}

export class EntryWriter<Key, A, Answer> {
  // biome-ignore lint/suspicious/noExplicitAny: the types of lookups do not matter here.
  readonly #policy: Policy<Key, A, Answer, any, any>
  readonly #entries: EntryStore
  readonly #invalidations: Invalidations
  readonly #log: NamespaceLog

  // biome-ignore lint/suspicious/noExplicitAny: see above.
  constructor(policy: Policy<Key, A, Answer, any, any>, entries: EntryStore, invalidations: Invalidations) {
    this.#policy = policy
    this.#entries = entries
    this.#invalidations = invalidations
    this.#log = makeNamespaceLog(policy.namespace)
  }

  /** Makes the entry of an answer with its JSON. Undefined for a value that is not to be stored by its time to live. */
  toEntry(
    key: Key,
    text: string,
    answer: Answer,
    json: string | Unstorable | undefined,
    { now, random, took }: LookupTimes
  ): UnsignedEntry | Unstorable | undefined {
    const { answers, jitter, negativeTtl, staleFor, tags, ttl } = this.#policy
    const value = answers.valueOf(answer)
    try {
      const fresh = Option.isSome(value) ? ttl(value.value, key) : negativeTtl
      const life = lifeOf(now, fresh, jitter, Option.isSome(value) ? staleFor : 0, random)
      if (life.freshUntil <= now) return undefined
      if (Option.isNone(value)) return { text, ...life, took, json: undefined, tags: [] }
      return typeof json === "string" ? { text, ...life, took, json, tags: tagsOf(tags?.(value.value, key)) } : json
    } catch {
      return optionThrew
    }
  }

  /** Stores the results of lookups, each under the generations that its lookup began under. */
  readonly store = Effect.fnUntraced(function* (
    this: EntryWriter<Key, A, Answer>,
    results: ReadonlyArray<LookupResult>
  ) {
    yield* this.#warnOf(results.map(({ entry }) => entry))
    const current = results.filter(({ lookup }) => !lookup.isOutdated && !lookup.isSuperseded)
    const { failed, written } = yield* this.#entries.write(
      current.flatMap(({ entry, generations }) =>
        generations === undefined || !isStorable(entry) ? [] : [[entry, generations] as const]
      )
    )
    // Its reader has the newer value, and must not find the older one again: after a refresh also where something else was
    // invalidated meanwhile.
    const rest = results.filter(({ lookup, text }) => !written.has(text) && !lookup.isSuperseded)
    yield* this.#invalidations.forget(textsOf(rest.filter(({ lookup }) => lookup.reason === "Refresh")))
    const replaced = rest.filter(
      ({ entry, lookup, snapshot, text }) =>
        lookup.reason !== "Refresh" &&
        !lookup.isOutdated &&
        snapshot?.written !== undefined &&
        (!isStorable(entry) || failed.has(text))
    )
    if (replaced.length > 0) yield* this.#entries.delete(textsOf(replaced))
  })

  /** Stores values that are known to be current. Where that fails, forgets the stored ones. */
  readonly set = Effect.fnUntraced(function* (
    this: EntryWriter<Key, A, Answer>,
    values: ReadonlyArray<readonly [key: Key, text: string, value: A]>,
    isOutdated: () => boolean
  ) {
    const now = yield* Clock.currentTimeMillis
    const random = yield* Random.Random
    const times = { took: 0, now, random: () => random.nextDoubleUnsafe() }
    const entries = values.map(([key, text, value]) => {
      const answer = this.#policy.answers.of(value)
      return this.toEntry(key, text, answer, this.#policy.schemaCodec().write(answer), times)
    })
    yield* this.#warnOf(entries)
    const storable = entries.filter(isStorable)
    const stored = storable.length === 0 ? noTexts : yield* this.#entries.replace(storable, isOutdated)
    yield* this.#invalidations.forget(values.flatMap(([, text]) => (stored.has(text) ? [] : text)))
  })

  /** Logs the last value that cannot be stored, without a word of it. */
  #warnOf(entries: ReadonlyArray<UnsignedEntry | Unstorable | undefined>): Effect.Effect<void> {
    const unstorable = entries.findLast((entry) => entry instanceof Unstorable)
    return unstorable === undefined ? Effect.void : this.#log.warn(`A value is not kept: ${unstorable.reason}`)
  }
}

/** A copy, which the caller does not change. Throws on anything but texts. */
const tagsOf = (tags: ReadonlyArray<string> = []): ReadonlyArray<string> => {
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === "string"))
    throw new TypeError("tags are an array of text")
  return Array.from(tags)
}

const optionThrew = new Unstorable("its ttl or its tags are invalid, or threw")

const noTexts: ReadonlySet<string> = new Set()

export const isStorable = (entry: UnsignedEntry | Unstorable | undefined): entry is UnsignedEntry =>
  entry !== undefined && !(entry instanceof Unstorable)

const textsOf = (results: ReadonlyArray<LookupResult>): ReadonlyArray<string> => results.map(({ text }) => text)
