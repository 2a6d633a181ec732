/**
 * Reads keys: their entries, and the generations that these are valid under: random ids, one of all entries, one of each
 * key, one of each tag.
 *
 * An entry holds those that its lookup began under, and is valid only while the store holds exactly those. A generation
 * that is absent, after an eviction for example, is never valid: it costs a lookup, and brings no older value back.
 *
 * @internal
 */
import { Effect, type Fiber } from "effect"
import * as Envelope from "./Envelope.ts"
import type { StoragePolicy } from "./Policy.ts"
import { type ExpectedTags, noTags, type Snapshot } from "./Snapshot.ts"
import type { Store } from "./Store.ts"
import { watermarkKey } from "./StoreKeys.ts"
import type { Tags } from "./Tags.ts"

export type SnapshotReader = ReturnType<typeof makeSnapshotReader>

export const makeSnapshotReader = ({ codec, hasTags, storeKeys }: StoragePolicy, store: Store, tags: Tags) => {
  const names = storeKeys()
  /** The store's keys that are read with those of every key. */
  const common = hasTags ? [names.all, watermarkKey] : [names.all]
  /** The tags of values that were not stored, since other tags were invalidated during their lookup. */
  const lastTags = new Map<string, ExpectedTags>()

  const snapshotOf = (text: string, [written, own, all, watermark]: ReadonlyArray<string | undefined>): Snapshot => {
    const entry = written === undefined ? undefined : Envelope.decode(written, codec)
    const isValid = entry !== undefined && entry.all === all && entry.own === own
    const expectedTags = entry?.tags ?? lastTags.get(text) ?? noExpectedTags
    return { written, entry: isValid ? entry : undefined, all, own, watermark, expectedTags, tags: noTags }
  }

  /** Reads the generations of tags, in one more read if there are any. Undefined where it failed. */
  const withValidTags = (snapshots: ReadonlyArray<Snapshot>): Effect.Effect<ReadonlyArray<Snapshot> | undefined> => {
    const read = new Set(snapshots.flatMap(({ entry }) => entry?.tags.map(([tag]) => tag) ?? []))
    if (read.size === 0) return Effect.succeed(snapshots)
    return Effect.map(
      tags.read(read),
      (tags) =>
        tags &&
        snapshots.map((snapshot) => {
          const isValid = snapshot.entry?.tags.every(([tag, id]) => tags.get(tag) === id)
          return { ...snapshot, entry: isValid ? snapshot.entry : undefined, tags }
        })
    )
  }

  return {
    /** Reads one key, synchronously if the store can; `undefined` where it failed. */
    read: <A, E, R>(
      text: string,
      fiber: Fiber.Fiber<unknown, unknown>,
      use: (snapshot: Snapshot | undefined) => Effect.Effect<A, E, R>
    ): Effect.Effect<A, E, R> =>
      store.readSync([names.entry(text), names.own(text), ...common], fiber, (texts) => {
        if (texts === undefined) return use(undefined)
        const snapshot = snapshotOf(text, texts)
        if (snapshot.entry === undefined || snapshot.entry.tags.length === 0) return use(snapshot)
        return Effect.flatMap(withValidTags([snapshot]), (snapshots) => use(snapshots?.[0]))
      }),

    /** As `read`, for many keys at once, in their order. */
    readMany: (texts: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Snapshot> | undefined> => {
      if (texts.length === 0) return Effect.succeed([])
      const keys = texts.flatMap((text) => [names.entry(text), names.own(text)])
      return Effect.flatMap(store.read([...keys, ...common]), (textOf) => {
        if (textOf === undefined) return Effect.undefined
        const shared = common.map(textOf)
        return withValidTags(
          texts.map((text) => snapshotOf(text, [textOf(names.entry(text)), textOf(names.own(text)), ...shared]))
        )
      })
    },

    /** Expects these tags of the next value of a key; none once a value is stored. */
    expectTags: (text: string, tags: ReadonlyArray<string>): void => {
      if (tags.length === 0) {
        lastTags.delete(text)
        return
      }
      if (lastTags.size >= mostLastTags) lastTags.clear()
      lastTags.set(
        text,
        tags.map((tag) => [tag])
      )
    }
  }
}

const mostLastTags = 1_000

const noExpectedTags: ExpectedTags = []
