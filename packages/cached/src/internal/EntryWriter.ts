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
import { makeNamespaceLog } from "./NamespaceLog.ts"
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

export type EntryWriter<Key, A, Answer> = ReturnType<typeof makeEntryWriter<Key, A, Answer>>

export const makeEntryWriter = <Key, A, Answer>(
  // biome-ignore lint/suspicious/noExplicitAny: the types of lookups do not matter here.
  { answers, jitter, namespace, negativeTtl, schemaCodec, staleFor, tags, ttl }: Policy<Key, A, Answer, any, any>,
  stored: EntryStore,
  invalidations: Invalidations
) => {
  const log = makeNamespaceLog(namespace)

  /** Logs the last value that cannot be stored, without a word of it. */
  const warnOf = (entries: ReadonlyArray<UnsignedEntry | Unstorable | undefined>): Effect.Effect<void> => {
    const unstorable = entries.findLast((entry) => entry instanceof Unstorable)
    return unstorable === undefined ? Effect.void : log.warn(`A value is not kept: ${unstorable.reason}`)
  }

  /** Makes the entry of an answer with its JSON. Undefined for a value that is not to be stored by its time to live. */
  const toEntry = (
    key: Key,
    text: string,
    answer: Answer,
    json: string | Unstorable | undefined,
    { now, random, took }: LookupTimes
  ): UnsignedEntry | Unstorable | undefined => {
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

  return {
    toEntry,

    /** Stores the results of lookups, each under the generations that its lookup began under. */
    store: Effect.fnUntraced(function* (results: ReadonlyArray<LookupResult>) {
      yield* warnOf(results.map(({ entry }) => entry))
      const current = results.filter(({ lookup }) => !lookup.isOutdated && !lookup.isSuperseded)
      const { failed, written } = yield* stored.write(
        current.flatMap(({ entry, generations }) =>
          generations === undefined || !isStorable(entry) ? [] : [[entry, generations] as const]
        )
      )
      // Its reader has the newer value, and must not find the older one again: after a refresh also where something else was
      // invalidated meanwhile.
      const rest = results.filter(({ lookup, text }) => !written.has(text) && !lookup.isSuperseded)
      yield* invalidations.forget(textsOf(rest.filter(({ lookup }) => lookup.reason === "Refresh")))
      const replaced = rest.filter(
        ({ entry, lookup, snapshot, text }) =>
          lookup.reason !== "Refresh" &&
          !lookup.isOutdated &&
          snapshot?.written !== undefined &&
          (!isStorable(entry) || failed.has(text))
      )
      if (replaced.length > 0) yield* stored.delete(textsOf(replaced))
    }),

    /** Stores values that are known to be current. Where that fails, forgets the stored ones. */
    set: Effect.fnUntraced(function* (
      values: ReadonlyArray<readonly [key: Key, text: string, value: A]>,
      isOutdated: () => boolean
    ) {
      const now = yield* Clock.currentTimeMillis
      const random = yield* Random.Random
      const times = { took: 0, now, random: () => random.nextDoubleUnsafe() }
      const entries = values.map(([key, text, value]) => {
        const answer = answers.of(value)
        return toEntry(key, text, answer, schemaCodec().write(answer), times)
      })
      yield* warnOf(entries)
      const storable = entries.filter(isStorable)
      const replaced = storable.length === 0 ? noTexts : yield* stored.replace(storable, isOutdated)
      yield* invalidations.forget(values.flatMap(([, text]) => (replaced.has(text) ? [] : text)))
    })
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
