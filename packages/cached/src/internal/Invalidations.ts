/**
 * Invalidates keys, tags and everything by deleting their generations, and retries those that the cache failed.
 *
 * @internal
 */
import { Effect } from "effect"
import type { CacheState } from "./CacheState.ts"
import { Caller } from "./Caller.ts"
import type { Counters } from "./Counters.ts"
import type { NamespaceState } from "./NamespaceState.ts"
import { inHalves, type Outcome, type Store } from "./Store.ts"
import type { StoreKeys } from "./StoreKeys.ts"
import type { Tags } from "./Tags.ts"

export type Invalidations = ReturnType<typeof makeInvalidations>

export const makeInvalidations = (
  store: Store,
  keys: StoreKeys,
  tags: Tags,
  counters: Counters,
  state: CacheState,
  { pending }: NamespaceState
) => {
  const deleteKeys = (texts: ReadonlyArray<string>): Effect.Effect<Outcome> =>
    store.delete(texts.flatMap((text) => [keys.entry(text), keys.own(text)]))

  const deleteAll = Effect.suspend(() => store.delete([keys.all]))

  const retry = <R>(caller: Caller<R>): void => {
    if (pending.isEmpty && !tags.hasPending()) return
    const own = pending.retry({ names: deleteKeys, all: deleteAll })
    Effect.runForkWith(caller.backgroundContext)(Effect.andThen(own, tags.retry))
  }

  const orPending = (forgetting: Effect.Effect<Outcome>, count: number, addPending: () => void): Effect.Effect<void> =>
    Effect.uninterruptible(
      Effect.withFiber((fiber) =>
        Effect.map(forgetting, (outcome) => {
          // A process may change keys and read none.
          if (outcome === "Done") return retry(new Caller(fiber, undefined))
          if (outcome === "Refused") return
          counters.add("pendingInvalidations", count)
          addPending()
          state.retain()
        })
      )
    )

  /** Deletes keys. One that the cache refuses has no entry, and keeps no other from being deleted. */
  const forget = (texts: ReadonlyArray<string>): Effect.Effect<void> => {
    if (texts.length === 0) return Effect.void
    const forgetting = Effect.flatMap(deleteKeys(texts), (outcome) =>
      outcome === "Refused" && texts.length > 1
        ? Effect.asVoid(inHalves(texts, forget))
        : orPending(Effect.succeed(outcome), texts.length, () => pending.add(texts))
    )
    return Effect.uninterruptible(forgetting)
  }

  return {
    forget,

    hasPending: (): boolean => !pending.isEmpty,

    /** True if nothing may be read from the cache for a key. */
    isPending: (text: string): boolean => pending.isPending(text),

    /** Retries pending invalidations in the background, if there are any. */
    retry,

    invalidate: (texts: ReadonlyArray<string>): Effect.Effect<void> => {
      counters.add("invalidations", texts.length)
      return forget(texts)
    },

    invalidateAll: (): Effect.Effect<void> => {
      counters.add("invalidations")
      return orPending(deleteAll, 1, () => pending.addAll())
    },

    invalidateTag: (tag: string): Effect.Effect<void> => {
      counters.add("invalidations")
      return orPending(tags.invalidate(tag), 1, () => undefined)
    }
  }
}
