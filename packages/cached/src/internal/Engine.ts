/**
 * A `Cached` on one cache: what becomes of one key, and of invalidations.
 *
 * @internal
 */

import type { CachePort } from "@hexcache/cache-port"
import { Effect, Exit, Option } from "effect"
import type { Caller } from "./Caller.ts"
import type { Entry } from "./Envelope.ts"
import { ended, type Flight } from "./Flight.ts"
import { Keeper } from "./Keeper.ts"
import { Loader, type Miss, nowOf } from "./Loader.ts"
import * as Many from "./Many.ts"
import type { Policy } from "./Policy.ts"
import { Requests } from "./Requests.ts"
import { type Ground, Storage } from "./Storage.ts"
import type { TagDebts } from "./Tags.ts"

/** A key whose value was found, and is no longer fresh. */
export interface Stale<Key, Answer> extends Miss<Key> {
  readonly answer: Exit.Success<Answer>
  readonly servedUntil: number
}

/** What the cache has of a key: the answer, one that is no longer fresh, one for where a lookup fails, or none. */
export type Found<Answer> =
  | { readonly _tag: "Hit"; readonly answer: Exit.Success<Answer>; readonly isEarly: boolean; readonly took: number }
  | {
      readonly _tag: "Stale" | "Fallback"
      readonly answer: Exit.Success<Answer>
      readonly servedUntil: number
      readonly took: number
    }
  | { readonly _tag: "Miss" }

export class Engine<Key, A, Answer, E, R> {
  readonly policy: Policy<Key, A, Answer, E, R>
  readonly storage: Storage
  readonly loader: Loader<Key, A, Answer, E, R>
  readonly #keeper: Keeper<Key, A, Answer>
  readonly #requests = new Requests(this)
  readonly #puts = new Set<Put>()
  /** The keys that are being refreshed, each as often as it is. */
  readonly #refreshing: Array<string> = []

  constructor(policy: Policy<Key, A, Answer, E, R>, cache: CachePort["Service"], debts: TagDebts, retain: () => void) {
    this.policy = policy
    this.storage = new Storage(policy, cache, debts, retain)
    this.#keeper = new Keeper(policy, this.storage)
    this.loader = new Loader(policy, this.storage, this.#keeper)
  }

  /** True while it must not be forgotten, though no port of its cache may be left. */
  get isNeeded(): boolean {
    return !this.storage.owed.isEmpty
  }

  get(key: Key, caller: Caller<R>): Effect.Effect<Answer, E> {
    const text = this.policy.textOf(key)
    const { begun: since } = this.loader
    const ended = this.loader.ended(text)
    const isBehind = this.isBehind(text)
    if (this.isOwed(text, caller)) return this.#lookUp({ key, text, ground: undefined, since }, caller)
    return this.storage.find(text, caller.fiber, (finding) => {
      const written = ended && this.ofEnded(ended, finding?.ground, caller)
      if (written !== undefined) return written
      const found = this.judge(isBehind ? undefined : finding?.entry, caller)
      if (found._tag === "Hit" && !found.isEarly) return found.answer
      const miss = { key, text, ground: finding?.ground, since }
      if (found._tag === "Miss") return this.#lookUp(miss, caller)
      if (found._tag === "Stale") return this.#serveStale({ ...miss, ...found }, caller)
      if (found._tag === "Fallback") return this.#lookUpOr({ ...miss, ...found }, caller)
      this.loader.refresh([{ ...miss, took: found.took }], caller)
      return found.answer
    })
  }

  /** The value that may be served, fresh or stale, and no lookup. */
  getOption(key: Key, caller: Caller<R>): Effect.Effect<Option.Option<A>> {
    const text = this.policy.textOf(key)
    const { counters } = this.storage
    const ended = this.loader.ended(text)
    const isBehind = this.isBehind(text)
    const miss = Effect.sync(() => {
      counters.miss()
      return Option.none<A>()
    })
    if (this.isOwed(text, caller)) return miss
    return this.storage.find(text, caller.fiber, (finding) => {
      const written = ended && this.ofEnded(ended, finding?.ground, caller)
      if (written !== undefined && Exit.isSuccess(written)) return this.#valueOf(written)
      const found = this.judge(isBehind ? undefined : finding?.entry, caller)
      if (found._tag === "Miss" || found._tag === "Fallback") return miss
      if (found._tag === "Stale") counters.stale()
      return this.#valueOf(found.answer)
    })
  }

  #valueOf({ value }: Exit.Success<Answer, unknown>): Effect.Effect<Option.Option<A>> {
    return Effect.succeed(this.policy.answers.valueOf(value))
  }

  getMany(keys: Iterable<Key>, caller: Caller<R>): Effect.Effect<ReadonlyMap<Key, A>, E> {
    return Many.get(this, keys, caller)
  }

  getBatched(key: Key, caller: Caller<R>): Effect.Effect<Answer, E> {
    return this.#requests.get(key, caller)
  }

  /** The value of a lookup that had ended when its reader came, counted, if it is as good as one in the cache. */
  ofEnded(
    flight: Flight<Answer, E>,
    ground: Ground | undefined,
    { fiber }: Caller<R>
  ): Exit.Exit<Answer, E> | undefined {
    if (!this.loader.isCurrent(flight, ground, nowOf(fiber))) return undefined
    this.storage.counters.hit()
    return flight.take()
  }

  /** True if the cache may not be read for a key. What is owed is tried again whenever something is read. */
  isOwed(text: string, caller: Caller<R>): boolean {
    const { settling } = this.storage
    if (settling === undefined) return false
    Effect.runForkWith(caller.backgroundContext)(settling)
    return this.storage.isOwed(text)
  }

  /**
   * True while the cache may hold something older of a key than what was given of it: it is expired, or its newer value is
   * on its way.
   */
  isBehind(text: string): boolean {
    return this.loader.isWriting(text) || (this.#puts.size > 0 && this.#isExpiring(text))
  }

  #isExpiring(text: string): boolean {
    return Array.from(this.#puts).some(({ isCurrent, texts }) => !isCurrent && texts.has(text))
  }

  /** Counts hits. */
  judge(entry: Entry | undefined, { fiber }: Caller<R>): Found<Answer> {
    const freshness = entry === undefined ? "Expired" : this.#keeper.freshness(entry, fiber)
    const answer = entry === undefined || freshness === "Expired" ? undefined : this.#keeper.answerOf(entry)
    if (answer === undefined || entry === undefined) return { _tag: "Miss" }
    if (freshness === "Stale" || freshness === "Fallback")
      return { _tag: freshness, answer, servedUntil: entry.servedUntil, took: entry.took }
    this.storage.counters.hit()
    return { _tag: "Hit", answer, isEarly: freshness === "Early", took: entry.took }
  }

  /** The same answer for another reader; the very same where its value cannot be written. */
  copyOf(answer: Exit.Success<Answer, E>): Exit.Success<Answer, E> {
    const json = this.#keeper.write(answer.value)
    return (json === undefined ? undefined : this.#keeper.read(json)) ?? answer
  }

  #lookUp(miss: Miss<Key>, caller: Caller<R>): Effect.Effect<Answer, E> {
    this.countMiss(miss, caller)
    const [flight] = this.loader.begin([miss], "Read", caller)
    return landed(flight as Flight<Answer, E>)
  }

  /** Counts a key that the cache has not; its value may be on the way into it. */
  countMiss(miss: Miss<Key>, { fiber }: Caller<R>): void {
    const { counters } = this.storage
    if (this.loader.shared(miss, nowOf(fiber))?.exit === undefined) counters.miss()
    else counters.hit()
  }

  #serveStale(stale: Stale<Key, Answer>, caller: Caller<R>): Effect.Effect<Answer, E> {
    const since = nowOf(caller.fiber)
    const refreshing = this.loader.refresh([stale], caller)
    return Effect.flatMap(
      this.patience(refreshing, [stale], since, caller),
      () => this.newest(stale, refreshing[0], caller) ?? this.#lookUp(stale, caller)
    )
  }

  /** Looks up a key that was expired. */
  #lookUpOr(fallback: Stale<Key, Answer>, caller: Caller<R>): Effect.Effect<Answer, E> {
    if (this.mayRest(fallback, caller)) return fallback.answer
    const [flight] = this.loader.begin([fallback], "Read", caller)
    const landing = flight as Flight<Answer, E>
    return Effect.flatMap(ended([landing]), () => Effect.flatten(this.newestOr(fallback, landing, caller)))
  }

  /** True where a value that was expired is served without another lookup, since the last one failed a moment ago. */
  mayRest({ text }: Stale<Key, Answer>, { fiber }: Caller<R>): boolean {
    const isResting = this.loader.isResting(text, nowOf(fiber))
    if (isResting) this.storage.counters.stale()
    return isResting
  }

  /** What was looked up; where that failed the value that was expired, unless its time is over. */
  newestOr(
    { answer, servedUntil }: Stale<Key, Answer>,
    flight: Flight<Answer, E>,
    { fiber }: Caller<R>
  ): Effect.Effect<Exit.Exit<Answer, E>> {
    const exit = flight.take() as Exit.Exit<Answer, E>
    const { counters } = this.storage
    const isFailure = Exit.isFailure(exit) && exit !== this.policy.answers.absent
    if (!isFailure || nowOf(fiber) >= servedUntil) {
      counters.miss()
      return Effect.succeed(exit)
    }
    counters.stale()
    return Effect.as(this.loader.logFailure(exit.cause, "A lookup"), answer)
  }

  /** Waits as long as a caller who came at `since` would rather have newer values than stale ones. */
  patience(
    refreshing: ReadonlyArray<Flight<Answer, E> | undefined>,
    stale: ReadonlyArray<Stale<Key, Answer>>,
    since: number,
    caller: Caller<R>
  ): Effect.Effect<unknown> {
    const { softLookupTimeout } = this.policy
    const flights = softLookupTimeout === 0 ? [] : refreshing.flatMap((flight) => flight ?? [])
    if (flights.length === 0) return Effect.void
    const end = stale.reduce((end, { servedUntil }) => Math.min(end, servedUntil), since + softLookupTimeout)
    return Effect.timeoutOption(ended(flights), Math.max(0, end - nowOf(caller.fiber)))
  }

  /** What was looked up meanwhile, else the stale value, unless its time is over. */
  newest(
    { answer, servedUntil }: Stale<Key, Answer>,
    refreshing: Flight<Answer, E> | undefined,
    caller: Caller<R>
  ): Exit.Success<Answer, E> | undefined {
    const isNewer = refreshing?.exit !== undefined && Exit.isSuccess(refreshing.exit)
    const exit = isNewer ? refreshing.take() : undefined
    if (exit !== undefined && Exit.isSuccess(exit)) {
      this.storage.counters.miss()
      return exit
    }
    if (nowOf(caller.fiber) >= servedUntil) return undefined
    this.storage.counters.stale()
    return answer
  }

  put(values: ReadonlyArray<readonly [key: Key, value: A]>): Effect.Effect<void> {
    const byText = new Map(values.map(([key, value]) => [this.policy.textOf(key), [key, value] as const]))
    const texts = new Set(byText.keys())
    const put: Put = { texts, isCurrent: true, isOutdated: false }
    const keep = this.#keeper.put(
      Array.from(byText, ([text, [key, value]]) => [key, text, value] as const),
      () => put.isOutdated
    )
    return this.#outdating(texts, () => this.#putting(put, keep))
  }

  #putting(put: Put, keep: Effect.Effect<void>): Effect.Effect<void> {
    this.#puts.add(put)
    return Effect.ensuring(
      keep,
      Effect.sync(() => this.#puts.delete(put))
    )
  }

  refresh(key: Key, caller: Caller<R>): Effect.Effect<Answer, E> {
    const text = this.policy.textOf(key)
    this.loader.beforeRefresh(text)
    for (const put of this.#puts) if (!put.isCurrent && put.texts.has(text)) put.isOutdated = true
    const { begun: since } = this.loader
    const lookUp = (miss: Miss<Key>) => {
      const [flight] = this.loader.begin([miss], "Refresh", caller)
      return landed(flight as Flight<Answer, E>)
    }
    const refreshing = this.isOwed(text, caller)
      ? lookUp({ key, text, ground: undefined, since })
      : this.storage.find(text, caller.fiber, (finding) => lookUp({ key, text, ground: finding?.ground, since }))
    this.#refreshing.push(text)
    return Effect.ensuring(
      refreshing,
      Effect.sync(() => this.#refreshing.splice(this.#refreshing.indexOf(text), 1))
    )
  }

  invalidate(keys: Iterable<Key>): Effect.Effect<void> {
    const texts = new Set(Array.from(keys, (key) => this.policy.textOf(key)))
    return this.#outdating(texts, () => this.storage.invalidate(Array.from(texts)))
  }

  /** As `invalidate`, but for those whose lookup fails, unless they may have a newer value by a refresh already. */
  expire(key: Key): Effect.Effect<void> {
    const { staleFor } = this.policy
    const text = this.policy.textOf(key)
    if (staleFor === 0 || this.#refreshing.includes(text)) return this.invalidate([key])
    const put: Put = { texts: new Set([text]), isCurrent: false, isOutdated: false }
    return this.#outdating(put.texts, () =>
      this.#putting(
        put,
        this.storage.expire(text, staleFor, () => put.isOutdated)
      )
    )
  }

  invalidateAll(): Effect.Effect<void> {
    return this.#outdating(undefined, () => this.storage.invalidateAll)
  }

  /** The tags of a lookup are known only when it ends, so all of them are outdated. */
  invalidateTag(tag: string): Effect.Effect<void> {
    return this.#outdating(undefined, () => this.storage.invalidateTag(tag))
  }

  /**
   * Outdates what is looked up and put, all of it or that of some keys, before and after: what began meanwhile may have
   * been given an older value by another process.
   */
  #outdating(texts: ReadonlySet<string> | undefined, change: () => Effect.Effect<void>): Effect.Effect<void> {
    const outdate = () => {
      if (texts === undefined) this.loader.outdateAll()
      else this.loader.outdate(texts)
      for (const put of this.#puts) {
        if (texts === undefined || Array.from(put.texts).some((text) => texts.has(text))) put.isOutdated = true
      }
    }
    outdate()
    return Effect.uninterruptible(Effect.ensuring(change(), Effect.sync(outdate)))
  }
}

/** Values that are being put. */
interface Put {
  readonly texts: ReadonlySet<string>
  /** False for one that was expired, which must not follow what a refresh gives. */
  readonly isCurrent: boolean
  isOutdated: boolean
}

/** The end of one flight. */
const landed = <A, E>(flight: Flight<A, E>): Effect.Effect<A, E> =>
  flight.take() ?? Effect.flatMap(ended([flight]), () => flight.take() as Exit.Exit<A, E>)
