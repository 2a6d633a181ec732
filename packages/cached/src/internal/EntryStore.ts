/**
 * Writes entries, each under the generations that make it valid.
 *
 * An id of a generation is never used twice, and no generation is written again under its id. So a lookup that began before
 * an invalidation, in any process, may still write its value, even late: no read finds it valid.
 *
 * @internal
 */
import { Clock, Effect, Option } from "effect"
import * as Envelope from "./Envelope.ts"
import { neverFresh, sumOf } from "./Freshness.ts"
import { endOf, newGenerationId } from "./GenerationId.ts"
import type { StoragePolicy } from "./Policy.ts"
import { type Generations, noTags } from "./Snapshot.ts"
import type { SnapshotReader } from "./SnapshotReader.ts"
import type { Store } from "./Store.ts"
import type { Tags } from "./Tags.ts"

/** An entry to be written, without its generations. */
export interface UnsignedEntry extends Omit<Envelope.NewEntry, "all" | "own" | "tags"> {
  readonly text: string
  readonly tags: ReadonlyArray<string>
}

type Entries = ReadonlyArray<readonly [text: string, entry: Envelope.NewEntry]>

export type EntryStore = ReturnType<typeof makeEntryStore>

export const makeEntryStore = (
  { allowance, codec, sharedLife, storeKeys }: StoragePolicy,
  store: Store,
  tags: Tags,
  snapshots: SnapshotReader
) => {
  const keys = storeKeys()

  const writeEncoded = (entries: Entries, now: number): Effect.Effect<ReadonlySet<string>> => {
    const encoded = entries.map(([text, entry]) => [keys.entry(text), Envelope.encode(entry, codec)] as const)
    const ttl = longest(entries.map(([, { servedUntil }]) => servedUntil - now))
    const [first] = encoded
    if (first !== undefined && encoded.length === 1) {
      return Effect.map(
        store.done((cache) => cache.set(...first, { ttl })),
        (isDone) => (isDone ? new Set(entries.map(([text]) => text)) : noTexts)
      )
    }
    return Effect.map(
      store.writeMany(encoded, ttl),
      (written) => new Set(entries.flatMap(([text]) => (written.has(keys.entry(text)) ? text : [])))
    )
  }

  /** Writes each entry for the rest of its life, and extends its generations to that. Succeeds with the texts of those written. */
  const writeSigned = (entries: Entries, now: number): Effect.Effect<ReadonlySet<string>> => {
    const [first] = entries
    if (first === undefined) return Effect.succeed(noTexts)
    const renewing = store.renew([[keys.all, first[1].all]], sharedLife, now)
    const short = entries.filter(([, { own, servedUntil }]) => endOf(own) < servedUntil)
    if (short.length === 0) return Effect.andThen(renewing, writeEncoded(entries, now))
    const extending = Effect.forEach(
      short,
      ([text, { servedUntil }]) =>
        store.done((cache) => cache.expire(keys.own(text), sumOf(servedUntil - now, allowance))),
      { concurrency: 100, discard: true }
    )
    return Effect.map(
      Effect.all([writeEncoded(entries, now), extending, renewing], { concurrency: "unbounded" }),
      ([texts]) => texts
    )
  }

  /**
   * Writes values, except those of which a tag may have been invalidated since their lookup began. Succeeds with the texts
   * of those written, and of those that the cache failed to write.
   */
  const write = Effect.fnUntraced(function* (
    values: ReadonlyArray<readonly [value: UnsignedEntry, generations: Generations]>
  ) {
    const unread = new Set(
      values.flatMap(([{ tags }, generations]) => tags.filter((tag) => !generations.tags.has(tag)))
    )
    const current = unread.size === 0 ? undefined : yield* tags.ensureWithWatermark(unread)
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
      snapshots.expectTags(text, isSigned ? [] : tags)
    }
    const written = yield* writeSigned(entries, now)
    return { written, failed: new Set(entries.flatMap(([text]) => (written.has(text) ? [] : text))) }
  })

  return {
    write,

    /** Deletes entries, and leaves the generations of their keys. */
    delete: (texts: ReadonlyArray<string>) => store.delete(texts.map((text) => keys.entry(text))),

    /**
     * Replaces the entries of keys by values that are known to be current. Writes each under a generation that stands only
     * afterwards: an invalidation in between deletes the entry, and a late write brings nothing back. Succeeds with the keys
     * that were replaced; the others have to be forgotten.
     */
    replace: Effect.fnUntraced(function* (values: ReadonlyArray<UnsignedEntry>, isOutdated: () => boolean) {
      const names = new Set(values.flatMap(({ tags }) => tags))
      const [textOf, ids] = yield* Effect.all(
        [store.read([keys.all]), names.size === 0 ? Effect.succeed(noTags) : tags.ensure(names)],
        { concurrency: "unbounded" }
      )
      if (textOf === undefined || ids === undefined) return noTexts
      const all = textOf(keys.all) ?? (yield* store.ensureGeneration(keys.all, sharedLife))
      if (all === undefined) return noTexts
      const now = yield* Clock.currentTimeMillis
      const signable = values.flatMap((value) => {
        if (!value.tags.every((tag) => ids.has(tag))) return []
        const life = sumOf(value.servedUntil - now, allowance)
        return { value, life, generations: { all, own: newGenerationId(now + life), watermark: undefined, tags: ids } }
      })
      const { written } = yield* write(signable.map(({ generations, value }) => [value, generations] as const))
      const published = signable.filter(({ value }) => written.has(value.text))
      if (published.length === 0 || isOutdated()) return noTexts
      const standing = yield* store.writeMany(
        published.map(({ generations, value }) => [keys.own(value.text), generations.own] as const),
        longest(published.map(({ life }) => life))
      )
      return new Set(published.flatMap(({ value: { text } }) => (standing.has(keys.own(text)) ? text : [])))
    }),

    /**
     * Leaves an entry as a fallback, for `staleFor` milliseconds at most: writes it under a generation that does not stand
     * yet, deletes the one that stood, and lets the new one stand in its place. An invalidation in between deletes the
     * fallback, or finds that the generation is not the one that was read; a lookup in between makes a generation of its own.
     * Succeeds with false where the key has to be forgotten.
     */
    leaveFallback: Effect.fnUntraced(function* (
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
      const ownLife = sumOf(ttl, allowance)
      const own = newGenerationId(now + ownLife)
      const json = JSON.stringify(entry.json.value)
      const fallback = Envelope.encode({ ...entry, own, freshUntil: neverFresh, servedUntil, json }, codec)
      const isWritten = yield* store.done((cache) => cache.set(keys.entry(text), fallback, { ttl }))
      if (!isWritten || isOutdated()) return false
      const key = keys.own(text)
      const isTaken = yield* store.attempt((cache) => cache.compareAndDelete(key, entry.own))
      if (Option.isNone(isTaken) || !isTaken.value) return false
      yield* store.done((cache) => cache.setIfAbsent(key, own, { ttl: ownLife }))
      return !isOutdated()
    })
  }
}

const longest = (lives: ReadonlyArray<number>): number => lives.reduce((one, other) => Math.max(one, other), 0)

const noTexts: ReadonlySet<string> = new Set()
