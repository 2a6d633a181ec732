/**
 * The tags of a cache, which all of its `Cached` share: an entry names the generation of each of its tags.
 *
 * The tags of a value are known only once it was looked up, and a generation vouches only for lookups that began while it
 * stood. So every invalidation of a tag first deletes the watermark, and a value is stored under a tag whose generation was
 * not read before its lookup only if the watermark is the one that its lookup began under.
 *
 * @internal
 */
import { Clock, Effect } from "effect"
import type { CacheState } from "./CacheState.ts"
import { sharedLife } from "./GenerationId.ts"
import type { Outcome, Store } from "./Store.ts"
import { tagKey, tagPattern, watermarkKey } from "./StoreKeys.ts"

export type Tags = ReturnType<typeof makeTags>

export const makeTags = (store: Store, state: CacheState, life: number) => {
  const { pending } = state

  /** The generations of the tags that have one, without pending tags. Undefined where the cache failed. */
  const read = (tags: Iterable<string>): Effect.Effect<Map<string, string> | undefined> =>
    Effect.withFiber((fiber) => {
      // Before the read: a tag whose retry succeeds meanwhile may have been read before.
      const readable = pending.isEmpty ? Array.from(tags) : Array.from(tags).filter((tag) => !pending.isPending(tag))
      if (readable.length === 0) return Effect.succeed(new Map())
      return Effect.flatMap(store.read(readable.map(tagKey)), (textOf) => {
        if (textOf === undefined) return Effect.undefined
        const found = new Map<string, string>()
        for (const tag of readable) {
          const id = textOf(tagKey(tag))
          if (id !== undefined) found.set(tag, id)
        }
        const standing = Array.from(found, ([tag, id]) => [tagKey(tag), id] as const)
        return Effect.as(store.renew(standing, life, fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()), found)
      })
    })

  /** As `read`, with generations made where there are none. */
  const ensure = Effect.fnUntraced(function* (tags: Iterable<string>) {
    const found = yield* read(tags)
    if (found === undefined) return undefined
    const absent = Array.from(tags).filter((tag) => !found.has(tag) && !pending.isPending(tag))
    const make = (tag: string) =>
      Effect.map(store.ensureGeneration(tagKey(tag), life), (id) => {
        if (id !== undefined) found.set(tag, id)
      })
    yield* Effect.forEach(absent, make, { concurrency: 16, discard: true })
    return found
  })

  /** Deletes generations of tags, after the watermark. */
  const afterWatermark = (forgetting: Effect.Effect<Outcome>): Effect.Effect<Outcome> =>
    Effect.flatMap(store.delete([watermarkKey]), (outcome) =>
      outcome === "Done" ? forgetting : Effect.succeed(outcome)
    )

  const forget = (tags: ReadonlyArray<string>): Effect.Effect<Outcome> => afterWatermark(store.delete(tags.map(tagKey)))

  const change = Effect.sync(() => {
    state.changes++
  })

  return {
    read,
    ensure,

    hasPending: (): boolean => !pending.isEmpty,

    /** The generations of tags, and the watermark that stands with them. Undefined where the cache failed. */
    ensureWithWatermark: Effect.fnUntraced(function* (tags: ReadonlySet<string>) {
      const ids = yield* ensure(tags)
      // Last: a read that sees a new generation of a tag then sees the change of the watermark as well.
      const textOf = ids === undefined ? undefined : yield* store.read([watermarkKey])
      return ids === undefined || textOf === undefined ? undefined : { ids, watermark: textOf(watermarkKey) }
    }),

    ensureWatermark: Effect.suspend(() => store.ensureGeneration(watermarkKey, sharedLife)),

    /** Deletes the generation of a tag; where the cache fails, makes the tag pending. */
    invalidate: (tag: string): Effect.Effect<Outcome> => {
      const forgetting = Effect.map(forget([tag]), (outcome) => {
        if (outcome === "Failed") state.add(tag)
        return outcome
      })
      return Effect.uninterruptible(change.pipe(Effect.andThen(forgetting), Effect.ensuring(change)))
    },

    retry: pending.retry({
      names: forget,
      // Of all tags, since other processes have values of tags that this one does not know.
      all: Effect.suspend(() => afterWatermark(store.deletePattern(tagPattern)))
    })
  }
}
