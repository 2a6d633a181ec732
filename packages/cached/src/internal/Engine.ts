/**
 * A `Cached` on one cache: puts its parts together, and orders its changes.
 *
 * @internal
 */
import type { CachePort } from "@hexcache/cache-port"
import { Effect } from "effect"
import { makeBatchReader } from "./BatchReader.ts"
import type { CacheState } from "./CacheState.ts"
import type { Caller } from "./Caller.ts"
import { countersOf } from "./Counters.ts"
import { makeEntryStore } from "./EntryStore.ts"
import { makeEntryWriter } from "./EntryWriter.ts"
import { InFlightLookups } from "./InFlightLookups.ts"
import { makeInvalidations } from "./Invalidations.ts"
import { makeLoader } from "./Loader.ts"
import { makeEnsureGenerations } from "./LookupGenerations.ts"
import { makeNamespaceLog } from "./NamespaceLog.ts"
import type { Policy } from "./Policy.ts"
import { makeReader } from "./Reader.ts"
import { makeReadRules } from "./ReadRules.ts"
import { makeGetBatched } from "./Requests.ts"
import { makeSnapshotReader } from "./SnapshotReader.ts"
import { makeStore } from "./Store.ts"
import { makeTags } from "./Tags.ts"

export type Engine<Key, A, Answer, E, R> = ReturnType<typeof makeEngine<Key, A, Answer, E, R>>

export const makeEngine = <Key, A, Answer, E, R>(
  policy: Policy<Key, A, Answer, E, R>,
  cache: CachePort["Service"],
  state: CacheState
) => {
  const { hasTags, namespace, sharedLife, staleFor, textOf } = policy
  const shared = state.namespaceOf(namespace)
  const { changes, writes } = shared
  const counters = countersOf(namespace)
  const keys = policy.storeKeys()
  const store = makeStore(cache, () => counters.error())
  const tags = makeTags(store, state, sharedLife)
  const log = makeNamespaceLog(namespace)
  const lookups = new InFlightLookups<Answer, E>(hasTags ? () => state.changes : () => 0)
  const snapshots = makeSnapshotReader(policy, store, tags)
  const ensureGenerations = makeEnsureGenerations(policy, store, tags)
  const entries = makeEntryStore(policy, store, tags, snapshots)
  const invalidations = makeInvalidations(store, keys, tags, counters, state, shared)
  const writer = makeEntryWriter(policy, entries, invalidations)
  const loader = makeLoader({ policy, counters, store, snapshots, ensureGenerations, writer, writes, lookups, log })
  shared.add(loader)
  const rules = makeReadRules(policy, counters, lookups, log)
  const parts = { policy, counters, snapshots, invalidations, changes, lookups, loader, rules }
  const reader = makeReader(parts)
  const batches = makeBatchReader(parts)
  const getBatched = makeGetBatched(batches)

  /**
   * Outdates lookups and writes of some keys, or of all, before and after a change: one that began meanwhile may have an
   * older value of another process.
   */
  const outdating = (
    texts: ReadonlySet<string> | undefined,
    change: () => Effect.Effect<void>
  ): Effect.Effect<void> => {
    const outdate = () => {
      shared.outdate(texts)
      changes.outdate(texts)
    }
    outdate()
    return Effect.uninterruptible(Effect.ensuring(change(), Effect.sync(outdate)))
  }

  const invalidate = (of: Iterable<Key>): Effect.Effect<void> => {
    const texts = new Set(Array.from(of, textOf))
    return outdating(texts, () => invalidations.invalidate(Array.from(texts)))
  }

  const leaveFallback = Effect.fnUntraced(function* (text: string, isOutdated: () => boolean) {
    counters.add("invalidations")
    const read = invalidations.isPending(text) ? undefined : yield* snapshots.readMany([text])
    const isLeft = yield* entries.leaveFallback(text, read?.[0]?.entry, staleFor, isOutdated)
    if (!isLeft) yield* invalidations.forget([text])
  })

  return {
    invalidate,
    get: reader.get,
    getOption: reader.getOption,
    getMany: batches.getMany,
    // Before the batch, of which no key may fail others.
    getBatched: (key: Key, caller: Caller<R>): Effect.Effect<Answer, E> => getBatched(key, textOf(key), caller),

    /** True while it must stay in memory, though no port of its cache may be left. */
    get isNeeded(): boolean {
      return invalidations.hasPending()
    },

    /** Ends lookups in the background that run with the services of one binding, and waits for the writes that have begun. */
    close: loader.close,

    refresh: (key: Key, caller: Caller<R>): Effect.Effect<Answer, E> => {
      const text = textOf(key)
      const texts = new Set([text])
      loader.outdateForRefresh(text)
      shared.outdate(texts, loader)
      changes.outdate(texts, "Expire")
      return changes.run("Refresh", texts, () => reader.refresh(key, caller))
    },

    set: (values: ReadonlyArray<readonly [key: Key, value: A]>): Effect.Effect<void> => {
      const byText = new Map(values.map(([key, value]) => [textOf(key), [key, value] as const]))
      const last = Array.from(byText, ([text, [key, value]]) => [key, text, value] as const)
      const texts = new Set(byText.keys())
      return outdating(texts, () => changes.run("Set", texts, (isOutdated) => writer.set(last, isOutdated)))
    },

    /** Leaves a fallback, unless a reader may have a newer value by a refresh already. */
    expire: (key: Key): Effect.Effect<void> => {
      const text = textOf(key)
      if (staleFor === 0 || changes.isRefreshing(text)) return invalidate([key])
      const texts = new Set([text])
      return outdating(texts, () => changes.run("Expire", texts, (isOutdated) => leaveFallback(text, isOutdated)))
    },

    invalidateAll: (): Effect.Effect<void> => outdating(undefined, invalidations.invalidateAll),

    /** Outdates all lookups in flight, since the tags of a lookup are known only when it ends. */
    invalidateTag: (tag: string): Effect.Effect<void> => outdating(undefined, () => invalidations.invalidateTag(tag))
  }
}
