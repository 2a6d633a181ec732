/**
 * Reads many keys at once: one read, one batch of lookups, one write.
 *
 * @internal
 */
import { Effect, Exit, Option } from "effect"
import type { Caller } from "./Caller.ts"
import type { Entry } from "./Envelope.ts"
import { awaitAll, awaitAllOrFail, type InFlightLookup } from "./InFlightLookup.ts"
import { type LookupRequest, nowOf, type StaleRead } from "./LookupRequest.ts"
import { isCacheBehind, type ReadParts } from "./Reader.ts"

type KeyTexts<Key> = ReadonlyArray<readonly [key: Key, text: string]>

/** The keys of a batch by their state in the cache. */
interface BatchState<Key, Answer, E> {
  /** The exits of keys, by their texts. */
  readonly exits: Map<string, Exit.Exit<Answer, E>>
  /** The lookups of missing keys, by their texts. */
  readonly lookups: Map<string, InFlightLookup<Answer, E>>
  readonly misses: Array<LookupRequest<Key>>
  readonly stale: Array<StaleRead<Key, Answer>>
  /** Expired keys, with the values for where a lookup fails. */
  readonly fallbacks: Array<StaleRead<Key, Answer>>
  /** Keys with a fresh value that is worth a refresh. */
  readonly early: Array<LookupRequest<Key>>
}

export class BatchReader<Key, A, Answer, E, R> {
  readonly #parts: ReadParts<Key, A, Answer, E, R>

  constructor(parts: ReadParts<Key, A, Answer, E, R>) {
    this.#parts = parts
  }

  /** Reads the values of the keys that have one, in their order. Fails with the first lookup that does. */
  getMany(keys: Iterable<Key>, caller: Caller<R>): Effect.Effect<ReadonlyMap<Key, A>, E> {
    const { textOf, answers } = this.#parts.policy
    const texts = Array.from(keys, (key) => [key, textOf(key)] as const)
    return Effect.map(this.#read(texts, caller, false), (exits) => {
      const values = new Map<Key, A>()
      for (const [key, text] of texts) {
        const exit = exits.get(text)
        const value = exit !== undefined && Exit.isSuccess(exit) ? answers.valueOf(exit.value) : Option.none()
        if (Option.isSome(value)) values.set(key, value.value)
      }
      return values
    })
  }

  /** Reads each key for itself: succeeds with their exits, in their order, each with a value of its own. */
  getEach(keys: ReadonlyArray<Key>, caller: Caller<R>): Effect.Effect<ReadonlyArray<Exit.Exit<Answer, E>>, E> {
    const { answers, schemaCodec, textOf } = this.#parts.policy
    const texts = keys.map((key) => [key, textOf(key)] as const)
    return Effect.map(this.#read(texts, caller, true), (exits) => {
      const taken = new Set<string>()
      return texts.map(([, text]) => {
        const exit = exits.get(text) ?? answers.absent
        const isTaken = taken.has(text)
        taken.add(text)
        return isTaken && Exit.isSuccess(exit) ? schemaCodec().copyOf(exit) : exit
      })
    })
  }

  /** Reads the exits of keys, by their texts. `isEach` if each key fails for itself. */
  #read(
    texts: KeyTexts<Key>,
    caller: Caller<R>,
    isEach: boolean
  ): Effect.Effect<ReadonlyMap<string, Exit.Exit<Answer, E>>, E> {
    const { invalidations, lookups, rules, snapshots } = this.#parts
    const state: BatchState<Key, Answer, E> = {
      exits: new Map(),
      lookups: new Map(),
      misses: [],
      stale: [],
      fallbacks: [],
      early: []
    }
    const since = lookups.begun
    invalidations.retry(caller)
    const readable: Array<readonly [key: Key, text: string]> = []
    for (const [text, key] of new Map(texts.map(([key, text]) => [text, key]))) {
      if (invalidations.isPending(text)) state.misses.push({ key, text, snapshot: undefined, since })
      else readable.push([key, text])
    }
    const before = readable.map(([, text]) => ({
      ended: lookups.ended(text),
      isBehind: isCacheBehind(this.#parts, text)
    }))
    return Effect.flatMap(snapshots.readMany(readable.map(([, text]) => text)), (found) => {
      for (const [index, [key, text]] of readable.entries()) {
        const snapshot = found?.[index]
        const ended = before[index]?.ended
        const shared = rules.takeEnded(ended, snapshot, caller.fiber)
        if (shared !== undefined) {
          state.exits.set(text, shared)
          continue
        }
        const entry = before[index]?.isBehind ? undefined : snapshot?.entry
        this.#sort(state, { key, text, snapshot, since }, entry, caller)
      }
      return Effect.map(this.#lookUp(state, caller, isEach), () => {
        for (const [text, lookup] of state.lookups) {
          const exit = lookup.take()
          if (exit !== undefined) state.exits.set(text, exit)
        }
        return state.exits
      })
    })
  }

  #sort(
    { early, exits, fallbacks, misses, stale }: BatchState<Key, Answer, E>,
    request: LookupRequest<Key>,
    entry: Entry | undefined,
    { fiber }: Caller<R>
  ): void {
    const { counters, loader, rules } = this.#parts
    const value = rules.valueOf(entry, fiber)
    if (value === undefined) {
      misses.push(request)
      return
    }
    const { answer, freshness, servedUntil, took } = value
    const older = { ...request, answer, servedUntil, took }
    if (freshness === "Stale") stale.push(older)
    else if (freshness === "Fallback" && !loader.isResting(request.text, nowOf(fiber))) fallbacks.push(older)
    else {
      if (freshness === "Fallback") counters.stale()
      else counters.hit()
      exits.set(request.text, answer)
      if (freshness === "Early") early.push(older)
    }
  }

  /** Waits for missing keys, and for newer values than the stale ones as long as the reader would. */
  #lookUp(state: BatchState<Key, Answer, E>, caller: Caller<R>, isEach: boolean): Effect.Effect<void, E> {
    const { early, exits, fallbacks, misses, stale } = state
    const { loader, rules } = this.#parts
    const { fiber } = caller
    const since = nowOf(fiber)
    const refreshing = loader.refresh([...stale, ...early], caller)
    const complete = this.#complete(state, misses, fallbacks, caller, isEach)
    if (stale.length === 0) return complete

    const completeStale = Effect.suspend(() => {
      const tooOld: Array<LookupRequest<Key>> = []
      for (const [index, each] of stale.entries()) {
        const answer = rules.takeNewer(each, refreshing[index], fiber)
        if (answer === undefined) tooOld.push(each)
        else exits.set(each.text, answer)
      }
      return tooOld.length === 0 ? Effect.void : this.#complete(state, tooOld, [], caller, isEach)
    })
    return complete.pipe(
      Effect.andThen(Effect.suspend(() => rules.awaitNewer(refreshing.slice(0, stale.length), stale, since, fiber))),
      Effect.andThen(completeStale)
    )
  }

  /** Looks up missing and expired keys together. */
  #complete(
    state: BatchState<Key, Answer, E>,
    misses: ReadonlyArray<LookupRequest<Key>>,
    fallbacks: ReadonlyArray<StaleRead<Key, Answer>>,
    caller: Caller<R>,
    isEach: boolean
  ): Effect.Effect<void, E> {
    const { loader, policy, rules } = this.#parts
    const { absent } = policy.answers
    for (const miss of misses) rules.countMiss(miss, caller.fiber)
    const begun = loader.begin([...misses, ...fallbacks], "Read", caller, isEach)
    for (const [index, { text }] of misses.entries()) {
      state.lookups.set(text, begun[index] as InFlightLookup<Answer, E>)
    }
    const lookups = Array.from(state.lookups.values())
    const waiting: Effect.Effect<void, E> = isEach ? awaitAll(lookups) : awaitAllOrFail(lookups, absent)
    if (fallbacks.length === 0) return waiting
    const ofFallbacks = begun.slice(misses.length)
    const completeFallback = (fallback: StaleRead<Key, Answer>, index: number) =>
      Effect.flatMap(
        rules.takeOrFallback(fallback, ofFallbacks[index] as InFlightLookup<Answer, E>, caller.fiber),
        (exit) => {
          state.exits.set(fallback.text, exit)
          return Exit.isSuccess(exit) || isEach || exit === absent ? Effect.void : Effect.asVoid(exit)
        }
      )
    return Effect.all([waiting, awaitAll(ofFallbacks)], { concurrency: "unbounded", discard: true }).pipe(
      Effect.andThen(Effect.forEach(fallbacks, completeFallback, { discard: true }))
    )
  }
}
