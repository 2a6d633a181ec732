/**
 * Reads many keys at once: one read, one batch of lookups, one write.
 *
 * @internal
 */
import { Effect, Exit, Option } from "effect"
import type { Caller } from "./Caller.ts"
import { awaitAll, awaitAllOrFail, type InFlightLookup } from "./InFlightLookup.ts"
import { type LookupRequest, nowOf, type StaleRead } from "./LookupRequest.ts"
import { isCacheBehind, type ReadParts } from "./Reader.ts"

type KeyTexts<Key> = ReadonlyArray<readonly [key: Key, text: string]>

/** The exits of keys, by their texts. */
type Exits<Answer, E> = Map<string, Exit.Exit<Answer, E>>

export type BatchReader<Key, A, Answer, E, R> = ReturnType<typeof makeBatchReader<Key, A, Answer, E, R>>

export const makeBatchReader = <Key, A, Answer, E, R>(parts: ReadParts<Key, A, Answer, E, R>) => {
  const { counters, invalidations, loader, lookups, policy, rules, snapshots } = parts
  const { absent, valueOf } = policy.answers

  /** Looks up missing and expired keys together. `isEach` if each key fails for itself. */
  const complete = (
    exits: Exits<Answer, E>,
    misses: ReadonlyArray<LookupRequest<Key>>,
    fallbacks: ReadonlyArray<StaleRead<Key, Answer>>,
    caller: Caller<R>,
    isEach: boolean
  ): Effect.Effect<void, E> => {
    for (const miss of misses) rules.countMiss(miss, caller.fiber)
    const begun = loader.begin([...misses, ...fallbacks], "Read", caller, isEach)
    const ofMisses = begun.slice(0, misses.length)
    const ofFallbacks = begun.slice(misses.length)
    const waiting: Effect.Effect<void, E> = isEach ? awaitAll(ofMisses) : awaitAllOrFail(ofMisses, absent)
    const takeMisses = Effect.sync(() => {
      for (const [index, { text }] of misses.entries()) {
        const exit = ofMisses[index]?.take()
        if (exit !== undefined) exits.set(text, exit)
      }
    })
    if (fallbacks.length === 0) return Effect.andThen(waiting, takeMisses)
    const takeFallback = (fallback: StaleRead<Key, Answer>, index: number) =>
      Effect.flatMap(
        rules.takeOrFallback(fallback, ofFallbacks[index] as InFlightLookup<Answer, E>, caller.fiber),
        (exit) => {
          exits.set(fallback.text, exit)
          return Exit.isSuccess(exit) || isEach || exit === absent ? Effect.void : Effect.asVoid(exit)
        }
      )
    return Effect.all([waiting, awaitAll(ofFallbacks)], { concurrency: "unbounded", discard: true }).pipe(
      Effect.andThen(takeMisses),
      Effect.andThen(Effect.forEach(fallbacks, takeFallback, { discard: true }))
    )
  }

  /** Waits for newer values than the stale ones as long as the reader would, and looks up those that become too old. */
  const completeStale = (
    exits: Exits<Answer, E>,
    stale: ReadonlyArray<StaleRead<Key, Answer>>,
    refreshing: ReadonlyArray<InFlightLookup<Answer, E> | undefined>,
    since: number,
    caller: Caller<R>,
    isEach: boolean
  ): Effect.Effect<void, E> => {
    const { fiber } = caller
    const take = Effect.suspend(() => {
      const tooOld: Array<LookupRequest<Key>> = []
      for (const [index, each] of stale.entries()) {
        const answer = rules.takeNewer(each, refreshing[index], fiber)
        if (answer === undefined) tooOld.push(each)
        else exits.set(each.text, answer)
      }
      return tooOld.length === 0 ? Effect.void : complete(exits, tooOld, [], caller, isEach)
    })
    return Effect.andThen(
      Effect.suspend(() => rules.awaitNewer(refreshing, stale, since, fiber)),
      take
    )
  }

  /** Reads the exits of keys, by their texts. `isEach` if each key fails for itself. */
  const read = (texts: KeyTexts<Key>, caller: Caller<R>, isEach: boolean): Effect.Effect<Exits<Answer, E>, E> => {
    const { fiber } = caller
    const exits: Exits<Answer, E> = new Map()
    const misses: Array<LookupRequest<Key>> = []
    const since = lookups.begun
    invalidations.retry(caller)
    const readable: Array<readonly [key: Key, text: string]> = []
    for (const [text, key] of new Map(texts.map(([key, text]) => [text, key]))) {
      if (invalidations.isPending(text)) misses.push({ key, text, snapshot: undefined, since })
      else readable.push([key, text])
    }
    const before = readable.map(([, text]) => ({
      ended: lookups.ended(text),
      isBehind: isCacheBehind(parts, text)
    }))
    return Effect.flatMap(snapshots.readMany(readable.map(([, text]) => text)), (found) => {
      const stale: Array<StaleRead<Key, Answer>> = []
      /** Expired keys, with the values for where a lookup fails. */
      const fallbacks: Array<StaleRead<Key, Answer>> = []
      /** Keys with a fresh value that is worth a refresh. */
      const early: Array<LookupRequest<Key>> = []
      for (const [index, [key, text]] of readable.entries()) {
        const snapshot = found?.[index]
        const shared = rules.takeEnded(before[index]?.ended, snapshot, fiber)
        if (shared !== undefined) {
          exits.set(text, shared)
          continue
        }
        const value = before[index]?.isBehind ? undefined : rules.valueOf(snapshot?.entry, fiber)
        const request = { key, text, snapshot, since }
        if (value === undefined) {
          misses.push(request)
          continue
        }
        const { answer, freshness, servedUntil, took } = value
        const older = { ...request, answer, servedUntil, took }
        if (freshness === "Stale") stale.push(older)
        else if (freshness === "Fallback" && !loader.isResting(text, fiber)) fallbacks.push(older)
        else {
          if (freshness === "Fallback") counters.stale()
          else counters.hit()
          exits.set(text, answer)
          if (freshness === "Early") early.push(older)
        }
      }
      const staleSince = nowOf(fiber)
      const refreshing = loader.refresh([...stale, ...early], caller).slice(0, stale.length)
      const completing = complete(exits, misses, fallbacks, caller, isEach)
      if (stale.length === 0) return Effect.as(completing, exits)
      return completing.pipe(
        Effect.andThen(completeStale(exits, stale, refreshing, staleSince, caller, isEach)),
        Effect.as(exits)
      )
    })
  }

  return {
    /** Reads the values of the keys that have one, in their order. Fails with the first lookup that does. */
    getMany: (keys: Iterable<Key>, caller: Caller<R>): Effect.Effect<ReadonlyMap<Key, A>, E> => {
      const texts = Array.from(keys, (key) => [key, policy.textOf(key)] as const)
      return Effect.map(read(texts, caller, false), (exits) => {
        const values = new Map<Key, A>()
        for (const [key, text] of texts) {
          const exit = exits.get(text)
          const value = exit !== undefined && Exit.isSuccess(exit) ? valueOf(exit.value) : Option.none()
          if (Option.isSome(value)) values.set(key, value.value)
        }
        return values
      })
    },

    /** Reads each key for itself: succeeds with their exits, in their order, each with a value of its own. */
    getEach: (texts: KeyTexts<Key>, caller: Caller<R>): Effect.Effect<ReadonlyArray<Exit.Exit<Answer, E>>, E> => {
      return Effect.map(read(texts, caller, true), (exits) => {
        const taken = new Set<string>()
        return texts.map(([, text]) => {
          const exit = exits.get(text) ?? absent
          const isTaken = taken.has(text)
          taken.add(text)
          return isTaken && Exit.isSuccess(exit) ? policy.schemaCodec().copyOf(exit) : exit
        })
      })
    }
  }
}
