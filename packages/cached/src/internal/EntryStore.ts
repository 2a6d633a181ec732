/**
 * Writes entries, each under the generations that make it valid.
 *
 * An id of a generation is never used twice, and no generation is written again under its id. So a lookup that began before
 * an invalidation, in any process, may still write its value, even late: no read finds it valid.
 *
 * @internal
 */
import type { Codec } from "@hexcache/cache-port"
import { Clock, Effect, Option } from "effect"
import * as Envelope from "./Envelope.ts"
import { neverFresh, sumOf } from "./Freshness.ts"
import { endOf, newGenerationId } from "./GenerationId.ts"
import type { Policy } from "./Policy.ts"
import { type Generations, noTags } from "./Snapshot.ts"
import type { SnapshotReader } from "./SnapshotReader.ts"
import type { Outcome, Store } from "./Store.ts"
import type { StoreKeys } from "./StoreKeys.ts"
import type { Tags } from "./Tags.ts"

/** An entry to be written, without its generations. */
export interface UnsignedEntry extends Omit<Envelope.NewEntry, "all" | "own" | "tags"> {
  readonly text: string
  readonly tags: ReadonlyArray<string>
}

type Entries = ReadonlyArray<readonly [text: string, entry: Envelope.NewEntry]>

export class EntryStore {
  readonly #store: Store
  readonly #tags: Tags
  readonly #snapshots: SnapshotReader
  readonly #keys: StoreKeys
  readonly #codec: Codec | undefined
  readonly #allowance: number
  readonly #sharedLife: number

  constructor(
    // biome-ignore lint/suspicious/noExplicitAny: the types of values do not matter here.
    policy: Policy<any, any, any, any, any>,
    store: Store,
    tags: Tags,
    snapshots: SnapshotReader
  ) {
    this.#store = store
    this.#tags = tags
    this.#snapshots = snapshots
    this.#keys = policy.storeKeys()
    this.#codec = policy.codec
    this.#allowance = policy.allowance
    this.#sharedLife = policy.sharedLife
  }

  /** Deletes entries, and leaves the generations of their keys. */
  delete(texts: ReadonlyArray<string>): Effect.Effect<Outcome> {
    return this.#store.delete(texts.map((text) => this.#keys.entry(text)))
  }

  /**
   * Writes values, except those of which a tag may have been invalidated since their lookup began. Succeeds with the texts
   * of those written, and of those that the cache failed to write.
   */
  readonly write = Effect.fnUntraced(function* (
    this: EntryStore,
    values: ReadonlyArray<readonly [value: UnsignedEntry, generations: Generations]>
  ) {
    const unread = new Set(
      values.flatMap(([{ tags }, generations]) => tags.filter((tag) => !generations.tags.has(tag)))
    )
    const current = unread.size === 0 ? undefined : yield* this.#tags.ensureWithWatermark(unread)
    const now = yield* Clock.currentTimeMillis
    const entries: Array<readonly [text: string, entry: Envelope.NewEntry]> = []
    for (const [{ tags, text, ...value }, generations] of values) {
      if (value.servedUntil <= now) continue
      const isSame = current?.watermark !== undefined && current.watermark === generations.watermark
      const signed = tags.flatMap((tag) => {
        const id = generations.tags.get(tag) ?? (isSame ? current.ids.get(tag) : undefined)
        return id === undefined ? [] : [[tag, id] as const]
      })
      const isSigned = signed.length === tags.length
      if (isSigned) entries.push([text, { ...value, all: generations.all, own: generations.own, tags: signed }])
      this.#snapshots.expectTags(text, isSigned ? [] : tags)
    }
    const written = yield* this.#writeSigned(entries, now)
    return { written, failed: new Set(entries.flatMap(([text]) => (written.has(text) ? [] : text))) }
  })

  /** Writes each entry for the rest of its life, and extends its generations to that. Succeeds with the texts of those written. */
  #writeSigned(entries: Entries, now: number): Effect.Effect<ReadonlySet<string>> {
    const [first] = entries
    if (first === undefined) return Effect.succeed(noTexts)
    const renewing = this.#store.renew([[this.#keys.all, first[1].all]], this.#sharedLife, now)
    const short = entries.filter(([, { own, servedUntil }]) => endOf(own) < servedUntil)
    if (short.length === 0) return Effect.andThen(renewing, this.#writeEncoded(entries, now))
    const extending = Effect.forEach(
      short,
      ([text, { servedUntil }]) => {
        const life = sumOf(servedUntil - now, this.#allowance)
        return this.#store.done((cache) => cache.expire(this.#keys.own(text), life))
      },
      { concurrency: 100, discard: true }
    )
    return Effect.map(
      Effect.all([this.#writeEncoded(entries, now), extending, renewing], { concurrency: "unbounded" }),
      ([texts]) => texts
    )
  }

  #writeEncoded(entries: Entries, now: number): Effect.Effect<ReadonlySet<string>> {
    const encoded = entries.map(
      ([text, entry]) => [this.#keys.entry(text), Envelope.encode(entry, this.#codec)] as const
    )
    const ttl = entries.reduce((longest, [, { servedUntil }]) => Math.max(longest, servedUntil - now), 0)
    const [first] = encoded
    if (first !== undefined && encoded.length === 1) {
      return Effect.map(
        this.#store.done((cache) => cache.set(...first, { ttl })),
        (isDone) => (isDone ? new Set(entries.map(([text]) => text)) : noTexts)
      )
    }
    return Effect.map(
      this.#store.writeMany(encoded, ttl),
      (keys) => new Set(entries.flatMap(([text]) => (keys.has(this.#keys.entry(text)) ? text : [])))
    )
  }

  /**
   * Replaces the entries of keys by values that are known to be current. Writes each under a generation that stands only
   * afterwards: an invalidation in between deletes the entry, and a late write brings nothing back. Succeeds with the keys
   * that were replaced; the others have to be forgotten.
   */
  readonly replace = Effect.fnUntraced(function* (
    this: EntryStore,
    values: ReadonlyArray<UnsignedEntry>,
    isOutdated: () => boolean
  ) {
    const names = new Set(values.flatMap(({ tags }) => tags))
    const [textOf, tags] = yield* Effect.all(
      [this.#store.read([this.#keys.all]), names.size === 0 ? Effect.succeed(noTags) : this.#tags.ensure(names)],
      { concurrency: "unbounded" }
    )
    if (textOf === undefined || tags === undefined) return noTexts
    const all = textOf(this.#keys.all) ?? (yield* this.#store.ensureGeneration(this.#keys.all, this.#sharedLife))
    if (all === undefined) return noTexts
    const now = yield* Clock.currentTimeMillis
    const signable = values.flatMap((value) => {
      if (!value.tags.every((tag) => tags.has(tag))) return []
      const life = sumOf(value.servedUntil - now, this.#allowance)
      return { value, life, generations: { all, own: newGenerationId(now + life), watermark: undefined, tags } }
    })
    const { written } = yield* this.write(signable.map(({ generations, value }) => [value, generations] as const))
    const published = signable.filter(({ value }) => written.has(value.text))
    if (published.length === 0 || isOutdated()) return noTexts
    const ttl = published.reduce((longest, { life }) => Math.max(longest, life), 0)
    const keys = yield* this.#store.writeMany(
      published.map(({ generations, value }) => [this.#keys.own(value.text), generations.own] as const),
      ttl
    )
    return new Set(published.flatMap(({ value: { text } }) => (keys.has(this.#keys.own(text)) ? text : [])))
  })

  /**
   * Leaves an entry as a fallback, for `staleFor` milliseconds at most: writes it under a generation that does not stand
   * yet, deletes the one that stood, and lets the new one stand in its place. An invalidation in between deletes the
   * fallback, or finds that the generation is not the one that was read; a lookup in between makes a generation of its own.
   * Succeeds with false where the key has to be forgotten.
   */
  readonly leaveFallback = Effect.fnUntraced(function* (
    this: EntryStore,
    text: string,
    entry: Envelope.Entry | undefined,
    staleFor: number,
    isOutdated: () => boolean
  ) {
    const now = yield* Clock.currentTimeMillis
    if (entry?.json === undefined) return false
    const servedUntil = Math.min(entry.servedUntil, sumOf(now, staleFor))
    const ttl = servedUntil - now
    if (ttl <= 0) return false
    const ownLife = sumOf(ttl, this.#allowance)
    const own = newGenerationId(now + ownLife)
    const json = JSON.stringify(entry.json.value)
    const fallback = Envelope.encode({ ...entry, own, freshUntil: neverFresh, servedUntil, json }, this.#codec)
    const isWritten = yield* this.#store.done((cache) => cache.set(this.#keys.entry(text), fallback, { ttl }))
    if (!isWritten || isOutdated()) return false
    const key = this.#keys.own(text)
    const isTaken = yield* this.#store.attempt((cache) => cache.compareAndDelete(key, entry.own))
    if (Option.isNone(isTaken) || !isTaken.value) return false
    yield* this.#store.done((cache) => cache.setIfAbsent(key, own, { ttl: ownLife }))
    return !isOutdated()
  })
}

const noTexts: ReadonlySet<string> = new Set()
