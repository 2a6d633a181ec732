/**
 * Reads one key: from the cache, or by a lookup.
 *
 * @internal
 */
import { Effect, Exit, type Option } from "effect"
import type { Caller } from "./Caller.ts"
import type { Counters } from "./Counters.ts"
import { awaitAll, type InFlightLookup } from "./InFlightLookup.ts"
import type { InFlightLookups } from "./InFlightLookups.ts"
import type { Invalidations } from "./Invalidations.ts"
import type { Loader } from "./Loader.ts"
import { type LookupReason, type LookupRequest, nowOf, type StaleRead } from "./LookupRequest.ts"
import type { OngoingChanges } from "./OngoingChanges.ts"
import type { Policy } from "./Policy.ts"
import type { ReadRules } from "./ReadRules.ts"
import type { Snapshot } from "./Snapshot.ts"
import type { SnapshotReader } from "./SnapshotReader.ts"

/** The parts of a `Cached` that its reads use. */
export interface ReadParts<Key, A, Answer, E, R> {
  readonly policy: Policy<Key, A, Answer, E, R>
  readonly counters: Counters
  readonly snapshots: SnapshotReader
  readonly invalidations: Invalidations
  readonly changes: OngoingChanges
  readonly lookups: InFlightLookups<Answer, E>
  readonly loader: Loader<Key, A, Answer, E, R>
  readonly rules: ReadRules<Key, A, Answer, E, R>
}

/**
 * True while the entry of a key may be older than a value that a read has returned: the key is expired, or its newer value
 * is on its way into the cache.
 */
export const isCacheBehind = <Key, A, Answer, E, R>(
  { changes, loader }: Pick<ReadParts<Key, A, Answer, E, R>, "changes" | "loader">,
  text: string
): boolean => loader.isWriting(text) || changes.isExpiring(text)

export type Reader<Key, A, Answer, E, R> = ReturnType<typeof makeReader<Key, A, Answer, E, R>>

export const makeReader = <Key, A, Answer, E, R>(parts: ReadParts<Key, A, Answer, E, R>) => {
  const { counters, invalidations, loader, lookups, policy, rules, snapshots } = parts

  /** Reads the cache, except of a key that has a pending invalidation. */
  const read = <B, E2>(
    text: string,
    caller: Caller<R>,
    use: (snapshot: Snapshot | undefined) => Effect.Effect<B, E2>
  ): Effect.Effect<B, E2> => {
    invalidations.retry(caller)
    return invalidations.isPending(text) ? use(undefined) : snapshots.read(text, caller.fiber, use)
  }

  const begin = (request: LookupRequest<Key>, reason: LookupReason, caller: Caller<R>): InFlightLookup<Answer, E> =>
    loader.begin([request], reason, caller)[0] as InFlightLookup<Answer, E>

  const lookUp = (request: LookupRequest<Key>, caller: Caller<R>): Effect.Effect<Answer, E> => {
    rules.countMiss(request, caller.fiber)
    return begin(request, "Read", caller).await
  }

  const serveStale = (stale: StaleRead<Key, Answer>, caller: Caller<R>): Effect.Effect<Answer, E> => {
    const since = nowOf(caller.fiber)
    const refreshing = loader.refresh([stale], caller)
    return Effect.flatMap(
      rules.awaitNewer(refreshing, [stale], since, caller.fiber),
      () => rules.takeNewer(stale, refreshing[0], caller.fiber) ?? lookUp(stale, caller)
    )
  }

  /** Looks up a key that was expired. Serves its value at once where a lookup failed a moment ago. */
  const lookUpOrFallback = (fallback: StaleRead<Key, Answer>, caller: Caller<R>): Effect.Effect<Answer, E> => {
    if (loader.isResting(fallback.text, caller.fiber)) {
      counters.stale()
      return fallback.answer
    }
    const lookup = begin(fallback, "Read", caller)
    return Effect.flatMap(awaitAll([lookup]), () =>
      Effect.flatten(rules.takeOrFallback(fallback, lookup, caller.fiber))
    )
  }

  return {
    get: (key: Key, caller: Caller<R>): Effect.Effect<Answer, E> => {
      const text = policy.textOf(key)
      const since = lookups.begun
      const ended = lookups.ended(text)
      const isBehind = isCacheBehind(parts, text)
      return read(text, caller, (snapshot) => {
        const shared = rules.takeEnded(ended, snapshot, caller.fiber)
        if (shared !== undefined) return shared
        const value = isBehind ? undefined : rules.valueOf(snapshot?.entry, caller.fiber)
        if (value?.freshness === "Fresh") {
          counters.hit()
          return value.answer
        }
        const request = { key, text, snapshot, since }
        if (value === undefined) return lookUp(request, caller)
        const { answer, freshness, servedUntil, took } = value
        const stale = { ...request, answer, servedUntil, took }
        if (freshness === "Stale") return serveStale(stale, caller)
        if (freshness === "Fallback") return lookUpOrFallback(stale, caller)
        counters.hit()
        loader.refresh([stale], caller)
        return answer
      })
    },

    /** Reads the value that may be served, fresh or stale, and starts no lookup. */
    getOption: (key: Key, caller: Caller<R>): Effect.Effect<Option.Option<A>> => {
      const { valueOf } = policy.answers
      const text = policy.textOf(key)
      const ended = lookups.ended(text)
      const isBehind = isCacheBehind(parts, text)
      return read(text, caller, (snapshot) => {
        const shared = rules.takeEnded(ended, snapshot, caller.fiber)
        if (shared !== undefined && Exit.isSuccess(shared)) return Effect.succeed(valueOf(shared.value))
        const value = isBehind ? undefined : rules.valueOf(snapshot?.entry, caller.fiber)
        if (value === undefined || value.freshness === "Fallback") {
          counters.miss()
          return Effect.succeedNone
        }
        if (value.freshness === "Stale") counters.stale()
        else counters.hit()
        return Effect.succeed(valueOf(value.answer.value))
      })
    },

    /** Looks a key up, though the cache may have it. */
    refresh: (key: Key, caller: Caller<R>): Effect.Effect<Answer, E> => {
      const text = policy.textOf(key)
      const since = lookups.begun
      return read(text, caller, (snapshot) => begin({ key, text, snapshot, since }, "Refresh", caller).await)
    }
  }
}
