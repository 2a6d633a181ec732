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

export class Reader<Key, A, Answer, E, R> {
  readonly #parts: ReadParts<Key, A, Answer, E, R>

  constructor(parts: ReadParts<Key, A, Answer, E, R>) {
    this.#parts = parts
  }

  get(key: Key, caller: Caller<R>): Effect.Effect<Answer, E> {
    const { counters, loader, lookups, policy, rules } = this.#parts
    const text = policy.textOf(key)
    const since = lookups.begun
    const ended = lookups.ended(text)
    const isBehind = isCacheBehind(this.#parts, text)
    return this.#read(text, caller, (snapshot) => {
      const shared = rules.takeEnded(ended, snapshot, caller.fiber)
      if (shared !== undefined) return shared
      const value = isBehind ? undefined : rules.valueOf(snapshot?.entry, caller.fiber)
      if (value?.freshness === "Fresh") {
        counters.hit()
        return value.answer
      }
      const request = { key, text, snapshot, since }
      if (value === undefined) return this.#lookUp(request, caller)
      const { answer, freshness, servedUntil, took } = value
      const stale = { ...request, answer, servedUntil, took }
      if (freshness === "Stale") return this.#serveStale(stale, caller)
      if (freshness === "Fallback") return this.#lookUpOrFallback(stale, caller)
      counters.hit()
      loader.refresh([stale], caller)
      return answer
    })
  }

  /** Reads the value that may be served, fresh or stale, and starts no lookup. */
  getOption(key: Key, caller: Caller<R>): Effect.Effect<Option.Option<A>> {
    const { counters, lookups, policy, rules } = this.#parts
    const { valueOf } = policy.answers
    const text = policy.textOf(key)
    const ended = lookups.ended(text)
    const isBehind = isCacheBehind(this.#parts, text)
    return this.#read(text, caller, (snapshot) => {
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
  }

  /** Looks a key up, though the cache may have it. */
  refresh(key: Key, caller: Caller<R>): Effect.Effect<Answer, E> {
    const { lookups, policy } = this.#parts
    const text = policy.textOf(key)
    const since = lookups.begun
    return this.#read(text, caller, (snapshot) => this.#begin({ key, text, snapshot, since }, "Refresh", caller).await)
  }

  /** Reads the cache, except of a key that has a pending invalidation. */
  #read<B, E2>(
    text: string,
    caller: Caller<R>,
    use: (snapshot: Snapshot | undefined) => Effect.Effect<B, E2>
  ): Effect.Effect<B, E2> {
    const { invalidations, snapshots } = this.#parts
    invalidations.retry(caller)
    return invalidations.isPending(text) ? use(undefined) : snapshots.read(text, caller.fiber, use)
  }

  #begin(request: LookupRequest<Key>, reason: LookupReason, caller: Caller<R>): InFlightLookup<Answer, E> {
    const [lookup] = this.#parts.loader.begin([request], reason, caller)
    return lookup as InFlightLookup<Answer, E>
  }

  #lookUp(request: LookupRequest<Key>, caller: Caller<R>): Effect.Effect<Answer, E> {
    this.#parts.rules.countMiss(request, caller.fiber)
    return this.#begin(request, "Read", caller).await
  }

  #serveStale(stale: StaleRead<Key, Answer>, caller: Caller<R>): Effect.Effect<Answer, E> {
    const { loader, rules } = this.#parts
    const { fiber } = caller
    const since = nowOf(fiber)
    const refreshing = loader.refresh([stale], caller)
    return Effect.flatMap(
      rules.awaitNewer(refreshing, [stale], since, fiber),
      () => rules.takeNewer(stale, refreshing[0], fiber) ?? this.#lookUp(stale, caller)
    )
  }

  /** Looks up a key that was expired. Serves its value at once where a lookup failed a moment ago. */
  #lookUpOrFallback(fallback: StaleRead<Key, Answer>, caller: Caller<R>): Effect.Effect<Answer, E> {
    const { counters, loader, rules } = this.#parts
    if (loader.isResting(fallback.text, nowOf(caller.fiber))) {
      counters.stale()
      return fallback.answer
    }
    const lookup = this.#begin(fallback, "Read", caller)
    return Effect.flatMap(awaitAll([lookup]), () =>
      Effect.flatten(rules.takeOrFallback(fallback, lookup, caller.fiber))
    )
  }
}
