/**
 * The generations that lookups begin under: those that were read, and new ones where there were none.
 *
 * @internal
 */
import { Clock, Effect } from "effect"
import { newGenerationId } from "./GenerationId.ts"
import type { LookupRequest } from "./LookupRequest.ts"
import type { StoragePolicy } from "./Policy.ts"
import { type Generations, generationsOf, type Snapshot } from "./Snapshot.ts"
import type { Store } from "./Store.ts"
import type { Tags } from "./Tags.ts"

type Requests = ReadonlyArray<Pick<LookupRequest<unknown>, "text" | "snapshot">>

/** Ensures the generations of keys, in their order. Undefined for a key whose value cannot be stored. */
export type EnsureGenerations = (requests: Requests) => Effect.Effect<ReadonlyArray<Generations | undefined>>

export const makeEnsureGenerations = (
  { hasTags, ownLife, sharedLife, storeKeys }: StoragePolicy,
  store: Store,
  tags: Tags
): EnsureGenerations => {
  const keys = storeKeys()
  const ensureOwn = (text: string) => store.ensureGeneration(keys.own(text), ownLife)

  /** True if all generations were read but that of the key. */
  const hasShared = ({ all, expectedTags, tags, watermark }: Snapshot): boolean => {
    if (all === undefined) return false
    return !hasTags || (watermark !== undefined && expectedTags.every(([tag]) => tags.has(tag)))
  }

  const make = Effect.fnUntraced(function* (requests: Requests) {
    const snapshots = requests.flatMap(({ snapshot }) => snapshot ?? [])
    const lacksAll = snapshots.some(({ all }) => all === undefined)
    const lacksWatermark = hasTags && snapshots.some(({ watermark }) => watermark === undefined)
    const lackingTags = new Set(
      snapshots.flatMap(({ expectedTags, tags }) =>
        hasTags ? expectedTags.flatMap(([tag]) => (tags.has(tag) ? [] : tag)) : []
      )
    )
    const texts = requests.flatMap(({ snapshot, text }) =>
      snapshot !== undefined && snapshot.own === undefined ? text : []
    )
    const [all, watermark, made, owns] = yield* Effect.all(
      [
        lacksAll ? store.ensureGeneration(keys.all, sharedLife) : Effect.undefined,
        lacksWatermark ? tags.ensureWatermark : Effect.undefined,
        lackingTags.size === 0 ? Effect.undefined : tags.ensure(lackingTags),
        makeOwn(texts)
      ],
      { concurrency: "unbounded" }
    )
    return requests.map(({ snapshot, text }) =>
      generationsOf(
        snapshot && {
          ...snapshot,
          all: snapshot.all ?? all,
          own: snapshot.own ?? owns.get(text),
          watermark: snapshot.watermark ?? watermark,
          tags: made === undefined ? snapshot.tags : new Map([...snapshot.tags, ...made])
        }
      )
    )
  })

  /** Writes many over those that others may have made meanwhile: as good, and one write. */
  const makeOwn = Effect.fnUntraced(function* (texts: ReadonlyArray<string>) {
    const [first] = texts
    if (first === undefined) return new Map<string, string>()
    if (texts.length === 1) {
      const id = yield* ensureOwn(first)
      return new Map(id === undefined ? [] : [[first, id]])
    }
    const end = (yield* Clock.currentTimeMillis) + ownLife
    const ids = texts.map((text) => [text, newGenerationId(end)] as const)
    const written = yield* store.writeMany(
      ids.map(([text, id]) => [keys.own(text), id]),
      ownLife
    )
    return new Map(ids.filter(([text]) => written.has(keys.own(text))))
  })

  return (requests) => {
    const [first] = requests
    const snapshot = requests.length === 1 ? first?.snapshot : undefined
    if (first !== undefined && snapshot !== undefined && snapshot.own === undefined && hasShared(snapshot)) {
      return Effect.map(ensureOwn(first.text), (own) => [generationsOf(snapshot, own)])
    }
    return requests.every(
      ({ snapshot }) => snapshot === undefined || (snapshot.own !== undefined && hasShared(snapshot))
    )
      ? Effect.succeed(requests.map(({ snapshot }) => generationsOf(snapshot)))
      : make(requests)
  }
}
